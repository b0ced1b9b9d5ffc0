package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs maintenance when it is due, on one thread. What fails is logged and tried again when it is
/// next due.
final class MaintenanceLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MaintenanceLoop.class);

    /// A server that is opened often must get to collecting garbage too.
    private static final Duration FIRST_GC = Duration.ofMinutes(10);

    private static final long LOOK_MILLIS = 1000;

    private final Maintenance maintenance;
    private final MaintenanceConfig config;
    private final LongSupplier clockMillis;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    private long nextGc;
    private long nextCompaction;

    MaintenanceLoop(Maintenance maintenance, MaintenanceConfig config, LongSupplier clockMillis) {
        this.maintenance = maintenance;
        this.config = config;
        this.clockMillis = clockMillis;
        long now = clockMillis.getAsLong();
        nextGc = now + Math.min(config.gcInterval().toMillis(), FIRST_GC.toMillis());
        nextCompaction = now + config.compactInterval().toMillis();
        thread = Thread.ofPlatform().name("quern-maintenance").daemon().unstarted(this::run);
    }

    static MaintenanceLoop start(
            Maintenance maintenance, MaintenanceConfig config, LongSupplier clockMillis) {
        MaintenanceLoop loop = new MaintenanceLoop(maintenance, config, clockMillis);
        loop.thread.start();
        return loop;
    }

    private void run() {
        try {
            while (!closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                tick();
            }
        } catch (InterruptedException e) {
            LOG.debug("maintenance ends");
        }
    }

    /// Does what is due.
    void tick() {
        long now = clockMillis.getAsLong();
        if (now >= nextGc) {
            GcRequest request = new GcRequest(config.gcGrace(), false, config.maxBytesPerSecond());
            quietly("gc", () -> LOG.info("gc removed {}", maintenance.gc(request).removed()));
            nextGc = clockMillis.getAsLong() + config.gcInterval().toMillis();
        }
        if (now >= nextCompaction) {
            quietly("compaction", this::compact);
            nextCompaction = clockMillis.getAsLong() + config.compactInterval().toMillis();
        }
    }

    private void compact() {
        CompactReport report = maintenance.compact(config.maxBytesPerSecond());
        if (report.packsRemoved() > 0) {
            LOG.info("{}", report);
        }
    }

    private static void quietly(String what, Runnable run) {
        try {
            run.run();
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CONFLICT) {
                LOG.debug("{} is put off", what, e);
            } else {
                LOG.warn("{} failed", what, e);
            }
        } catch (RuntimeException e) {
            LOG.warn("{} failed", what, e);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
