package dev.quern.vector;

import dev.quern.vector.HistoryFormat.Point;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Decides which points of a collection's history are kept. Points are in order of their tokens.
final class HistoryPlanner {
    /// Points of a collection; a rollback adds one that is not thinned.
    static final int MAX_POINTS = 64;

    /// Points are kept at least this part of the window apart, or [#SPACING_BYTES] of writes.
    private static final int WINDOW_PARTS = 4;

    private static final long SPACING_BYTES = 256L << 20;

    private HistoryPlanner() {}

    /// The bounds of a history.
    ///
    /// @param window how far it reaches back; zero: no history
    /// @param bytes of writes at most
    record Bounds(Duration window, long bytes) {}

    /// The point to remove when another is added after the newest: the newest one, if it is so near
    /// to the one before it that replaying the writes from there will do.
    static Optional<Point> thin(List<Point> points, Bounds bounds) {
        if (points.size() < 2) {
            return Optional.empty();
        }
        Point newest = points.getLast();
        Point before = points.get(points.size() - 2);
        boolean near =
                newest.at().isBefore(before.at().plus(bounds.window().dividedBy(WINDOW_PARTS)))
                        && newest.written() - before.written() < SPACING_BYTES;
        return near && !newest.isRollback() ? Optional.of(newest) : Optional.empty();
    }

    /// The points to remove by now: all before the last one that was there when the window begins,
    /// and as many of the oldest as the bounds on bytes and points ask for. The newest always stays
    /// while there is a window.
    static List<Point> drop(List<Point> points, Bounds bounds, Instant now) {
        if (bounds.window().isZero()) {
            return List.copyOf(points);
        }
        int first = Math.max(0, points.size() - MAX_POINTS);
        Instant begin = now.minus(bounds.window());
        for (int i = first; i < points.size(); i++) {
            long kept = points.getLast().written() - points.get(first).written();
            if (!points.get(i).at().isAfter(begin) || (i > first && kept > bounds.bytes())) {
                first = i;
            }
        }
        return new ArrayList<>(points.subList(0, first));
    }

    /// The point to replay from to the rows after a write.
    static Optional<Point> base(List<Point> points, long token) {
        Point base = null;
        for (Point point : points) {
            if (point.token() <= token && (point.through() <= token || point.isRollback())) {
                base = point;
            }
        }
        return Optional.ofNullable(base);
    }

    /// The last point that was there at a moment.
    static Optional<Point> at(List<Point> points, Instant moment) {
        Point found = null;
        for (Point point : points) {
            if (!point.at().isAfter(moment)) {
                found = point;
            }
        }
        return Optional.ofNullable(found);
    }

    /// The token of the first rollback after a point; writes up to it go on from there.
    static OptionalLong rollbackAfter(List<Point> points, long token) {
        return points.stream()
                .filter(point -> point.token() > token && point.isRollback())
                .mapToLong(Point::token)
                .findFirst();
    }
}
