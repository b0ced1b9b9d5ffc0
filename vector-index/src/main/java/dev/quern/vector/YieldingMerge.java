package dev.quern.vector;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.lucene.index.MergePolicy.MergeAbortedException;
import org.apache.lucene.index.MergePolicy.OneMerge;
import org.apache.lucene.index.MergePolicy.OneMergeProgress.PauseReason;
import org.apache.lucene.index.SegmentCommitInfo;

/// A merge that pauses between batches of its work while searches wait for a thread. A batch of a
/// graph's build takes some 10 ms; a pause is three times as long and ends when the index closes,
/// so that a merge under any load keeps about a quarter of its speed.
final class YieldingMerge extends OneMerge {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

    private final BooleanSupplier searchesWait;

    YieldingMerge(List<SegmentCommitInfo> segments, BooleanSupplier searchesWait) {
        super(segments);
        this.searchesWait = searchesWait;
    }

    @Override
    public void checkAborted() throws MergeAbortedException {
        super.checkAborted();
        if (!searchesWait.getAsBoolean()) {
            return;
        }
        try {
            getMergeProgress().pauseNanos(PAUSE_NANOS, PauseReason.PAUSED, () -> true);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MergeAbortedException("interrupted while searches wait");
        }
        super.checkAborted();
    }
}
