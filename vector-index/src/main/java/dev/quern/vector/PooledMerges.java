package dev.quern.vector;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.index.MergePolicy.OneMerge;
import org.apache.lucene.index.MergeScheduler;
import org.apache.lucene.index.MergeTrigger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one index's merges, one at a time, on a pool that all indexes share. An index has at most
/// one task in the pool, which works until nothing is left to merge; a merge stays with Lucene
/// until the task takes it, so closing the index drops those not begun. A full pool only delays:
/// the next flush asks again, or [#retry]. The parts of one merge may run side by side on threads
/// of the pool that are free.
final class PooledMerges extends MergeScheduler {
    private static final Logger log = LoggerFactory.getLogger(PooledMerges.class);

    private final Executor pool;
    private final Executor helpers;
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final AtomicLong done = new AtomicLong();
    private volatile Runnable listener = () -> {};
    private volatile @Nullable MergeSource refused;

    /// A scheduler of one index.
    ///
    /// @param helpers runs a part of a merge at once or never; the merge itself runs what it drops
    PooledMerges(Executor pool, Executor helpers) {
        this.pool = pool;
        this.helpers = helpers;
    }

    @Override
    public Executor getIntraMergeExecutor(OneMerge merge) {
        return helpers;
    }

    /// What to run after each merge from now on, on the pool's thread.
    void afterEach(Runnable newListener) {
        listener = newListener;
    }

    /// Merges that ended well.
    long done() {
        return done.get();
    }

    /// Whether a merge runs or waits for a thread.
    boolean isScheduled() {
        return scheduled.get();
    }

    /// Asks again for a thread where the pool was full.
    void retry() {
        MergeSource source = refused;
        if (source != null) {
            merge(source, MergeTrigger.EXPLICIT);
        }
    }

    @Override
    public void merge(MergeSource source, MergeTrigger trigger) {
        if (source.hasPendingMerges() && scheduled.compareAndSet(false, true)) {
            try {
                refused = null;
                pool.execute(() -> run(source));
            } catch (RejectedExecutionException e) {
                refused = source;
                scheduled.set(false);
                log.debug("merge pool is full, merging later", e);
            }
        }
    }

    private void run(MergeSource source) {
        boolean drained = false;
        try {
            for (OneMerge merge = source.getNextMerge();
                    merge != null;
                    merge = source.getNextMerge()) {
                source.merge(merge);
                if (!merge.isAborted()) {
                    done.incrementAndGet();
                    listener.run();
                }
            }
            drained = true;
        } catch (IOException | RuntimeException e) {
            // Lucene has recorded what matters: it drops the merge or fails the writer.
            log.warn("merge stopped: {}", e.toString());
        } finally {
            scheduled.set(false);
        }
        if (drained) {
            // A flush may have asked between the last look and the flag.
            merge(source, MergeTrigger.MERGE_FINISHED);
        }
    }

    @Override
    public void close() {}
}
