package dev.quern.storage.s3;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Runs numbered pieces of work on a few virtual threads.
final class Parallel {
    private static final int MAX_THREADS = 16;

    private Parallel() {}

    /// Runs all pieces and returns when none runs any more. After a failure no further piece
    /// begins, and the first failure is thrown.
    ///
    /// @param memory what the pieces read or write: if only this thread may, they run here
    static void run(int pieces, MemorySegment memory, IntConsumer work) {
        Thread probe = Thread.ofVirtual().unstarted(() -> {});
        if (pieces == 1 || !memory.isAccessibleBy(probe)) {
            for (int i = 0; i < pieces; i++) {
                work.accept(i);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        AtomicReference<@Nullable RuntimeException> failed = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Math.min(pieces, MAX_THREADS); i++) {
            Thread.Builder named = Thread.ofVirtual().name("quern-s3-", i);
            threads.add(named.start(() -> drain(next, pieces, work, failed)));
        }
        join(threads);
        RuntimeException failure = failed.get();
        if (failure != null) {
            throw failure;
        }
    }

    private static void drain(
            AtomicInteger next,
            int pieces,
            IntConsumer work,
            AtomicReference<@Nullable RuntimeException> failed) {
        int piece = next.getAndIncrement();
        while (piece < pieces && failed.get() == null) {
            try {
                work.accept(piece);
            } catch (RuntimeException e) {
                failed.compareAndSet(null, e);
            }
            piece = next.getAndIncrement();
        }
    }

    private static void join(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
