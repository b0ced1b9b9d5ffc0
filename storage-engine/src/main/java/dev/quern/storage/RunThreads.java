package dev.quern.storage;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.AbortPolicy;
import java.util.concurrent.ThreadPoolExecutor.CallerRunsPolicy;
import java.util.concurrent.TimeUnit;

/// The threads that all runs of a store share: some write while the callers hash, some force early
/// what is written. Nothing queues: what finds no thread is done by the caller, or later.
/// Thread-safe.
final class RunThreads implements AutoCloseable {
    private static final int WRITERS = 4;
    private static final int FLUSHERS = 2;
    private static final int IDLE_SECONDS = 10;

    private final ThreadPoolExecutor writers = pool("quern-run-write-", WRITERS);
    private final ThreadPoolExecutor flushers = pool("quern-run-flush-", FLUSHERS);

    /// Stands for any thread but the caller's; never started.
    private final Thread other = Thread.ofPlatform().unstarted(() -> {});

    RunThreads() {
        writers.setRejectedExecutionHandler(new CallerRunsPolicy());
        flushers.setRejectedExecutionHandler(new AbortPolicy());
    }

    private static ThreadPoolExecutor pool(String name, int threads) {
        return new ThreadPoolExecutor(
                0,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name(name, 0).factory());
    }

    /// Whether these bytes may be read by a thread of this class.
    boolean mayRead(MemorySegment bytes) {
        return bytes.isAccessibleBy(other);
    }

    /// Does a write in a thread of its own, or in the caller's if all are busy.
    void write(Runnable work) {
        writers.execute(work);
    }

    /// Does a force in a thread of its own.
    ///
    /// @return false if all are busy
    boolean flush(Runnable work) {
        try {
            flushers.execute(work);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /// Lets the threads end when they are done.
    @Override
    public void close() {
        writers.shutdown();
        flushers.shutdown();
    }
}
