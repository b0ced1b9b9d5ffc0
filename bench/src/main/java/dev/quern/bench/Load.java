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
import java.util.stream.DoubleStream;

/// A closed loop of clients: each takes the next piece of work when its last one is done.
final class Load {
    private Load() {}

    /// Runs `work` for 0, 1 and so on until a time is over, on threads of the operating system;
    /// returns the seconds that each piece took, in no order.
    static double[] during(int clients, double duration, IntConsumer work) {
        long end = System.nanoTime() + (long) (duration * 1e9);
        AtomicInteger next = new AtomicInteger();
        List<Future<double[]>> running = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(clients, Thread::new)) {
            for (int i = 0; i < clients; i++) {
                running.add(
                        pool.submit(() -> {
                            DoubleStream.Builder seconds = DoubleStream.builder();
                            for (long start = System.nanoTime();
                                    start < end;
                                    start = System.nanoTime()) {
                                work.accept(next.getAndIncrement());
                                seconds.add((System.nanoTime() - start) / 1e9);
                            }
                            return seconds.build().toArray();
                        }));
            }
        }
        return running.stream().map(Future::resultNow).flatMapToDouble(DoubleStream::of).toArray();
    }

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
