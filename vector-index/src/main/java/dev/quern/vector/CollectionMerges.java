package dev.quern.vector;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.lucene.index.FilterMergePolicy;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.MergePolicy;
import org.apache.lucene.index.MergeTrigger;
import org.apache.lucene.index.SegmentCommitInfo;
import org.apache.lucene.index.SegmentInfos;

/// What a collection's index merges: while writes come, what Lucene's tiers say and [MergePlanner]
/// does not let wait; when it is asked to ([MergeTrigger#EXPLICIT]), what [MergePlanner] says of an
/// idle one. Either way the merges give way to searches. Thread-safe.
final class CollectionMerges extends FilterMergePolicy {
    private final MergePlanner planner;
    private final BooleanSupplier searchesWait;
    private volatile Duration idle = Duration.ZERO;

    /// A policy of one index.
    ///
    /// @param searchesWait whether searches have more to do than threads
    CollectionMerges(MergePolicy tiers, MergePlanner planner, BooleanSupplier searchesWait) {
        super(tiers);
        this.planner = planner;
        this.searchesWait = searchesWait;
    }

    /// How long the collection has been idle when it next asks.
    void idle(Duration now) {
        idle = now;
    }

    @Override
    public MergeSpecification findMerges(
            MergeTrigger trigger, SegmentInfos segments, MergeContext context) throws IOException {
        return trigger == MergeTrigger.EXPLICIT
                ? findIdleMerges(segments, context)
                : ripe(super.findMerges(trigger, segments, context), segments, context);
    }

    @SuppressWarnings("NullAway") // Lucene takes null for nothing to do
    private MergeSpecification ripe(
            MergeSpecification found, SegmentInfos segments, MergeContext context)
            throws IOException {
        if (found == null) {
            return null;
        }
        List<SegmentCommitInfo> free = new ArrayList<>(segments.asList());
        free.removeAll(context.getMergingSegments());
        List<MergePlanner.Segment> described = describe(free, context);
        MergeSpecification own = new MergeSpecification();
        for (OneMerge merge : found.merges) {
            if (!planner.waits(describe(merge.segments, context), described)) {
                own.add(new YieldingMerge(merge.segments, searchesWait));
            }
        }
        return own.merges.isEmpty() ? null : own;
    }

    @SuppressWarnings("NullAway") // Lucene takes null for nothing to do
    private MergeSpecification findIdleMerges(SegmentInfos segments, MergeContext context)
            throws IOException {
        if (!context.getMergingSegments().isEmpty()) {
            return null;
        }
        Set<String> names =
                planner.plan(describe(segments.asList(), context), idle).stream()
                        .map(MergePlanner.Segment::name)
                        .collect(Collectors.toSet());
        if (names.isEmpty()) {
            return null;
        }
        List<SegmentCommitInfo> chosen =
                segments.asList().stream().filter(s -> names.contains(s.info.name)).toList();
        MergeSpecification own = new MergeSpecification();
        own.add(new YieldingMerge(chosen, searchesWait));
        return own;
    }

    private static List<MergePlanner.Segment> describe(
            List<SegmentCommitInfo> segments, MergeContext context) throws IOException {
        List<MergePlanner.Segment> all = new ArrayList<>();
        for (SegmentCommitInfo segment : segments) {
            all.add(describe(segment, context));
        }
        return all;
    }

    private static MergePlanner.Segment describe(SegmentCommitInfo segment, MergeContext context)
            throws IOException {
        int deleted = context.numDeletesToMerge(segment);
        return new MergePlanner.Segment(
                segment.info.name,
                segment.info.maxDoc() - deleted,
                deleted,
                segment.sizeInBytes(),
                IndexWriter.SOURCE_MERGE.equals(
                        segment.info.getDiagnostics().get(IndexWriter.SOURCE)));
    }
}
