package dev.quern.vector.fused;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.lucene.util.IORunnable;
import org.jspecify.annotations.Nullable;

/// The threads of a build: the one that builds, and helpers for as long as some are free. A helper
/// leaves after a while, so that whoever lends the threads can refuse it the next time.
///
/// @param helpers runs a task at once, later or never; not used for one thread
/// @param threads at work at a time, 1 or more
/// @param checkpoint each thread calls it between claims; it may pause, and throws to stop
record Crew(@Nullable Executor helpers, int threads, IORunnable checkpoint) {
    /// Indexes that a thread takes at a time.
    private static final int CLAIM = 32;

    /// What a helper takes before it leaves, some 50 ms of work.
    private static final int CLAIMS_OF_HELPER = 8;

    /// Work on one index.
    ///
    /// @param <T> what a thread works with
    interface Job<T> {
        void run(T hand, int index) throws IOException;
    }

    /// Runs a job for each index, in any order, and returns when all are done and no helper is
    /// left.
    ///
    /// @param hands makes what each thread works with
    <T> void each(int count, Supplier<T> hands, Job<T> job) throws IOException {
        new Shift<>(count, hands, job).run();
    }

    /// One run of [#each].
    private final class Shift<T> {
        private final int count;
        private final Supplier<T> hands;
        private final Job<T> job;
        private final AtomicInteger next = new AtomicInteger();

        @GuardedBy("this")
        private int helping;

        @GuardedBy("this")
        private @Nullable Throwable failure;

        Shift(int count, Supplier<T> hands, Job<T> job) {
            this.count = count;
            this.hands = hands;
            this.job = job;
        }

        void run() throws IOException {
            try {
                T hand = hands.get();
                for (int from = claim(); from < count; from = claim()) {
                    askForHelp();
                    work(hand, from);
                }
            } finally {
                next.set(count);
                awaitHelpers();
            }
            rethrow();
        }

        private int claim() {
            // Not beyond, so that it never overflows.
            return next.get() < count ? next.getAndAdd(CLAIM) : count;
        }

        private void work(T hand, int from) throws IOException {
            checkpoint.run();
            for (int i = from; i < Math.min(count, from + CLAIM); i++) {
                job.run(hand, i);
            }
        }

        private void askForHelp() {
            Executor executor = helpers;
            if (executor != null && next.get() < count && isShort()) {
                executor.execute(this::help);
            }
        }

        private synchronized boolean isShort() {
            return helping < threads - 1;
        }

        private void help() {
            synchronized (this) {
                if (next.get() >= count || !isShort()) {
                    return;
                }
                helping++;
            }
            try {
                T hand = hands.get();
                int from = claim();
                for (int claims = 1; from < count; claims++) {
                    work(hand, from);
                    from = claims < CLAIMS_OF_HELPER ? claim() : count;
                }
            } catch (IOException | RuntimeException | Error e) {
                next.set(count);
                synchronized (this) {
                    failure = e;
                }
            } finally {
                synchronized (this) {
                    helping--;
                    notifyAll();
                }
            }
        }

        /// They use memory that is freed after this. They end soon, so an interrupt waits.
        private synchronized void awaitHelpers() {
            boolean interrupted = false;
            while (helping > 0) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void rethrow() throws IOException {
            switch (failure) {
                case null -> {}
                case IOException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new IOException(failure);
            }
        }
    }
}
