package dev.quern.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Does much waiting for a tier at once, on at most 16 virtual threads.
public final class Workers {
    private static final int MAX_THREADS = 16;

    private Workers() {}

    /// Works on all items and returns when none is in work any more. After a failure none is begun,
    /// and the first failure is thrown.
    public static <T> void run(Collection<T> items, Consumer<T> work) {
        Queue<T> queue = new ConcurrentLinkedQueue<>(items);
        AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Math.min(items.size(), MAX_THREADS); i++) {
            Thread.Builder named = Thread.ofVirtual().name("quern-tier-", i);
            threads.add(named.start(() -> drain(queue, work, failed)));
        }
        join(threads);
        switch (failed.get()) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case null, default -> {}
        }
    }

    private static <T> void drain(
            Queue<T> queue, Consumer<T> work, AtomicReference<@Nullable Throwable> failed) {
        T item = queue.poll();
        while (item != null && failed.get() == null) {
            try {
                work.accept(item);
            } catch (RuntimeException | Error e) {
                failed.compareAndSet(null, e);
            }
            item = queue.poll();
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
