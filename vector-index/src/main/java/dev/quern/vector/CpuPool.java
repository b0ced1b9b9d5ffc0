package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A fixed number of named platform threads with a bounded queue. Requests come on virtual threads,
/// of which only a few run at a time until they block; work that computes for long would keep all
/// others waiting, so it is done here. Thread-safe. The owner closes it.
final class CpuPool implements Executor, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CpuPool.class);
    private static final int KEEP_ALIVE_SECONDS = 10;
    private static final int CLOSE_SECONDS = 10;
    private static final long RETRY_AFTER_MILLIS = 50;

    private final String name;
    private final int maxQueued;
    private final ThreadPoolExecutor threads;

    /// Tasks that run on their callers' threads.
    private final AtomicInteger here = new AtomicInteger();

    CpuPool(String name, int threads, int maxQueued) {
        this.name = name;
        this.maxQueued = maxQueued;
        this.threads =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        KEEP_ALIVE_SECONDS,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(maxQueued),
                        Thread.ofPlatform().daemon().name("quern-" + name + "-", 0).factory());
        this.threads.allowCoreThreadTimeOut(true);
    }

    /// Runs a task some time.
    ///
    /// @throws RejectedExecutionException when the queue is full or the pool closed
    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }

    /// Runs a task if a thread is free, else drops it: for work that its owner does itself when
    /// nobody helps. What it dropped would only have waited in the queue behind longer work.
    void offer(Runnable task) {
        if (threads.getActiveCount() + threads.getQueue().size() < threads.getCorePoolSize()) {
            try {
                threads.execute(task);
            } catch (RejectedExecutionException e) {
                log.trace("{} threads are closed", name, e);
            }
        }
    }

    /// Whether there is more to do than threads are free to do.
    boolean isFull() {
        return !threads.getQueue().isEmpty()
                || threads.getActiveCount() + here.get() >= threads.getCorePoolSize();
    }

    /// Whether nothing runs.
    boolean isIdle() {
        return threads.getActiveCount() + here.get() == 0;
    }

    /// As [#call], but on the caller's own thread if that is a platform thread, which keeps nobody
    /// waiting, and one of the pool's would be free. Handing a task over and back takes 20 to 60
    /// us, as long as a search of a graph. For tasks that an interrupt does no harm.
    <T> T callHere(Callable<T> task) {
        if (Thread.currentThread().isVirtual() || threads.isShutdown() || !enter()) {
            return call(task);
        }
        return runHere(task);
    }

    /// Runs a task that was counted.
    private <T> T runHere(Callable<T> task) {
        try {
            return task.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw QuernException.internal(name + " failed: " + e, e);
        } finally {
            here.decrementAndGet();
        }
    }

    /// As [#call], but on the caller's own thread whatever that is, unless others wait for a thread
    /// of the pool. For tasks so short that whoever waits for the thread does not notice. For tasks
    /// that an interrupt does no harm.
    <T> T callAtOnce(Callable<T> task) {
        return tryAtOnce(task).orElseGet(() -> call(task));
    }

    /// As [#callAtOnce], but empty where that would wait.
    <T> Optional<T> tryAtOnce(Callable<T> task) {
        if (threads.isShutdown() || !threads.getQueue().isEmpty()) {
            return Optional.empty();
        }
        here.incrementAndGet();
        return Optional.of(runHere(task));
    }

    private boolean enter() {
        int others = threads.getActiveCount() + threads.getQueue().size();
        int before = here.getAndUpdate(n -> n + others < threads.getCorePoolSize() ? n + 1 : n);
        return before + others < threads.getCorePoolSize();
    }

    /// Runs a task and waits for what it returns or throws.
    ///
    /// @throws QuernException `EXHAUSTED` when the queue is full, `UNAVAILABLE` when the pool is
    ///   closed or the caller is interrupted
    <T> T call(Callable<T> task) {
        Future<T> future = submit(task);
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw failure(e);
        } catch (InterruptedException e) {
            // The task itself must not be interrupted: that would close files under Lucene.
            future.cancel(false);
            Thread.currentThread().interrupt();
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "interrupted while waiting for " + name, e);
        }
    }

    /// As [#call], but a caller that is interrupted waits all the same, and stays interrupted: for
    /// tasks that open what nobody could close if their outcome were lost.
    <T> T callToEnd(Callable<T> task) {
        Future<T> future = submit(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw failure(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private <T> Future<T> submit(Callable<T> task) {
        try {
            return threads.submit(task);
        } catch (RejectedExecutionException e) {
            if (threads.isShutdown()) {
                throw new QuernException(ErrorKind.UNAVAILABLE, name + " threads are closed", e);
            }
            throw QuernException.exhausted(
                    maxQueued + " tasks wait for " + name + " threads, the bound is reached",
                    RETRY_AFTER_MILLIS);
        }
    }

    private RuntimeException failure(ExecutionException e) {
        return e.getCause() instanceof RuntimeException known
                ? known
                : QuernException.internal(name + " failed: " + e.getCause(), e.getCause());
    }

    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                throw QuernException.internal(name + " threads did not stop", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
