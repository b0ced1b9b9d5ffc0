package dev.quern.bench;

import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/// A closed loop of clients: each takes the next piece of work when its last one is done.
final class Load {
    private Load() {}

    /// Runs `work` for 0 to `count` - 1 and returns the seconds that each piece took, by number.
    static double[] run(int clients, int count, IntConsumer work) {
        double[] seconds = new double[count];
        AtomicInteger next = new AtomicInteger();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                running.add(
                        pool.submit(() -> {
                            for (int n = next.getAndIncrement();
                                    n < count;
                                    n = next.getAndIncrement()) {
                                long start = System.nanoTime();
                                work.accept(n);
                                seconds[n] = (System.nanoTime() - start) / 1e9;
                            }
                        }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof QuernException known
                    ? known
                    : QuernException.internal("load failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw QuernException.internal("interrupted", e);
        }
        return seconds;
    }
}
