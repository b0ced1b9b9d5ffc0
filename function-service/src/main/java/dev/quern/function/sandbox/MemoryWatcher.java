package dev.quern.function.sandbox;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Kills sandboxes that hold more memory than their bound, where there are no control groups to do
/// it: looks every 50 ms. Counts what is private; mapped files are the page cache's. Thread-safe.
final class MemoryWatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryWatcher.class);
    private static final long PERIOD_MILLIS = 50;

    private final Set<SandboxProcess> watched = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("quern-memory-watch").factory());
    private final ScheduledFuture<?> task =
            timer.scheduleWithFixedDelay(
                    this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);

    void watch(SandboxProcess process) {
        watched.add(process);
    }

    void forget(SandboxProcess process) {
        watched.remove(process);
    }

    private void look() {
        for (SandboxProcess process : watched) {
            try {
                if (tooLarge(process)) {
                    process.killForMemory();
                }
            } catch (RuntimeException e) {
                LOG.warn("memory of sandbox process {} cannot be read", process.pid(), e);
            }
        }
    }

    private static boolean tooLarge(SandboxProcess process) {
        long bound = process.bounds().memory().bytes();
        long sum = 0;
        for (long pid : ProcFiles.tree(process.pid())) {
            sum += ProcFiles.privateBytes(pid);
        }
        if (sum <= bound) {
            return false;
        }
        sum = 0;
        for (long pid : ProcFiles.tree(process.pid())) {
            sum += ProcFiles.proportionalBytes(pid);
        }
        return sum > bound;
    }

    @Override
    public void close() {
        task.cancel(false);
        timer.close();
    }
}
