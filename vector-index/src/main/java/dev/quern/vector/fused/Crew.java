package dev.quern.vector.fused;

import java.io.IOException;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.lucene.search.TaskExecutor;
import org.apache.lucene.util.IORunnable;
import org.jspecify.annotations.Nullable;

/// The threads of a build.
///
/// @param threads 1 or more; the executor is not used for 1
/// @param checkpoint each thread calls it between claims; it may pause, and throws to stop
record Crew(@Nullable TaskExecutor executor, int threads, IORunnable checkpoint) {
    /// Indexes that a thread takes at a time.
    private static final int CLAIM = 32;

    /// Work on one index.
    ///
    /// @param <T> what a thread works with
    interface Job<T> {
        void run(T hand, int index) throws IOException;
    }

    /// Runs a job for each index, in any order, and returns when all are done.
    ///
    /// @param hands makes what each thread works with
    <T> void each(int count, Supplier<T> hands, Job<T> job) throws IOException {
        AtomicInteger next = new AtomicInteger();
        Callable<Void> worker =
                () -> {
                    T hand = hands.get();
                    for (int from = next.getAndAdd(CLAIM);
                            from < count;
                            from = next.getAndAdd(CLAIM)) {
                        checkpoint.run();
                        for (int i = from; i < Math.min(count, from + CLAIM); i++) {
                            job.run(hand, i);
                        }
                    }
                    return null;
                };
        int workers = Math.min(threads, (count + CLAIM - 1) / CLAIM);
        if (executor == null || workers <= 1) {
            call(worker);
        } else {
            executor.invokeAll(Collections.nCopies(workers, worker));
        }
    }

    private static void call(Callable<Void> worker) throws IOException {
        try {
            worker.call();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
