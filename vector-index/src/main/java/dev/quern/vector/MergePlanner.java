package dev.quern.vector;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Decides what a collection's segments are merged into, and when.
///
/// *Idle.* A search costs about as much in each segment with a graph, however large, and in
/// proportion to the rows in the others; merging costs in proportion to what is rewritten. So the
/// smallest segments are merged, as many of them as pay:
///
/// - the largest of them has at most `MAX_GROWTH` times the rows of the others together, or must be
///   rewritten anyway: it lacks the graph that a merge gives it, or a fifth of its rows are
///   deleted;
/// - or the collection has been idle so long that rewriting all of them costs little beside that:
///   `BYTES_PER_IDLE_SECOND` for each second.
///
/// What is written in bursts is thus merged with little of what lies there, and what stays as it is
/// ends as one segment, or as some whose graphs are as large as is allowed.
///
/// *While writes come* Lucene's tiers ask for merges. One of segments that a bulk load has just
/// written waits: the graph that it builds would be built again with the next. What waits is
/// compared row by row, so it is at most `MAX_WAITING_BYTES`, some 20 ms of a search. Pure.
///
/// @param minGraphRows rows from which a merged segment has a graph
/// @param maxGraphRows rows that one merge may bring together
record MergePlanner(int minGraphRows, long maxGraphRows) {
    private static final int MAX_GROWTH = 10;
    private static final int STALE_PARTS = 5;
    private static final long BYTES_PER_IDLE_SECOND = 4L << 20;
    private static final long MAX_WAITING_BYTES = 256L << 20;

    /// One segment.
    ///
    /// @param name tells it from the others
    /// @param rows live rows
    /// @param deleted deleted rows
    /// @param bytes what it takes on disk
    /// @param merged whether a merge made it, and a graph if there were rows enough
    record Segment(String name, long rows, long deleted, long bytes, boolean merged) {}

    /// The segments to merge into one; none when all is well.
    ///
    /// @param idle time since the last write
    List<Segment> plan(List<Segment> segments, Duration idle) {
        List<Segment> ascending = new ArrayList<>(segments);
        ascending.sort(Comparator.comparingLong(Segment::rows).thenComparing(Segment::name));
        double paid = idle.toMillis() / 1e3 * BYTES_PER_IDLE_SECOND;
        int chosen = 0;
        long rows = 0;
        long bytes = 0;
        for (int i = 0; i < ascending.size(); i++) {
            Segment next = ascending.get(i);
            boolean stale = isStale(next);
            boolean small = i > 0 && next.rows <= MAX_GROWTH * rows;
            rows += next.rows;
            bytes += next.bytes;
            if (i > 0 && rows > maxGraphRows) {
                break;
            }
            if (stale || small || (i > 0 && bytes <= paid)) {
                chosen = i + 1;
            }
        }
        return List.copyOf(ascending.subList(0, chosen));
    }

    /// Whether a merge that the tiers ask for waits until more is written or nothing is.
    ///
    /// @param merge its segments
    /// @param free all segments that are not being merged, these among them
    boolean waits(List<Segment> merge, List<Segment> free) {
        return merge.stream().allMatch(this::isLoaded)
                && free.stream().filter(this::isLoaded).mapToLong(Segment::bytes).sum()
                        <= MAX_WAITING_BYTES;
    }

    /// Whether a flush wrote it that had so many rows at once as only a bulk load has.
    private boolean isLoaded(Segment segment) {
        return !segment.merged && segment.rows >= minGraphRows;
    }

    private boolean isStale(Segment segment) {
        return isLoaded(segment)
                || (segment.deleted > 0
                        && segment.deleted * STALE_PARTS >= segment.rows + segment.deleted);
    }
}
