package dev.quern.storage;

import dev.quern.storage.TxnQueue.Waiting;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Decides when a group is complete. A force takes as long for one transaction as for many, and
/// most of those who were just answered are about to commit again; so where there are many, a group
/// waits a moment for them, much less than a force takes. Single callers are never waited for. Of
/// the applier; not thread-safe.
final class GroupFiller {
    /// From so many callers on it pays.
    static final int MIN_CALLERS = 8;

    /// Who has not come after so long without anybody is not about to.
    static final long QUIET_NANOS = 30_000;

    /// No group waits longer.
    static final long MAX_NANOS = 100_000;

    private final TxnQueue queue;
    private final LongSupplier nanoTime;

    /// How many committed of late: those answered last, and those who waited then.
    private int callers;

    /// @param nanoTime a clock of nanoseconds that never goes back
    GroupFiller(TxnQueue queue, LongSupplier nanoTime) {
        this.queue = queue;
        this.nanoTime = nanoTime;
    }

    /// What waits; where many were just answered, the first of them are worth a moment's wait
    /// before parking. Empty once the queue is closed and nothing waits.
    List<Waiting> take() {
        if (callers >= MIN_CALLERS) {
            long deadline = nanoTime.getAsLong() + MAX_NANOS;
            while (queue.isEmpty() && nanoTime.getAsLong() - deadline < 0) {
                letOthersRun();
            }
        }
        return queue.take();
    }

    /// Adds those that come while the group waits.
    ///
    /// @param group has some; gets the others
    /// @param roomBytes what the whole group may take in the log
    /// @param apply is given each that was added
    void fill(List<Waiting> group, long roomBytes, Consumer<Waiting> apply) {
        if (callers < MIN_CALLERS) {
            return;
        }
        long left = roomBytes - TxnQueue.sizeBytes(group);
        long now = nanoTime.getAsLong();
        long deadline = now + MAX_NANOS;
        long quiet = now + QUIET_NANOS;
        while (group.size() < callers && now - deadline < 0 && now - quiet < 0) {
            List<Waiting> more = queue.poll(left);
            now = nanoTime.getAsLong();
            if (more.isEmpty()) {
                letOthersRun();
            } else {
                group.addAll(more);
                more.forEach(apply);
                left -= TxnQueue.sizeBytes(more);
                quiet = now + QUIET_NANOS;
            }
        }
    }

    /// Parking would take longer than the wait: a timer is late by 50 us.
    @SuppressWarnings("ThreadPriorityCheck") // a hint is all it has to be
    private static void letOthersRun() {
        Thread.yield();
    }

    /// Comes before a group is answered, after which the first are back soon.
    void answering(List<Waiting> group) {
        callers = group.size() + queue.size();
    }
}
