package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The time of a search runs from its beginning to its end, whatever it waits for.
final class ReadDeadlineTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir Path directory;

    @Test
    void timeWaitedForAThreadIsNotGivenAgain() throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean hold = new AtomicBoolean();
        InstantSource clock =
                () -> {
                    if (hold.compareAndSet(true, false)) {
                        held.countDown();
                        awaitQuietly(release);
                    }
                    return NOW;
                };
        MemoryChunkStore chunks = new MemoryChunkStore();
        CollectionConfig config =
                Rig.with(Map.<String, Object>of("cpuThreads", 1))
                        .apply(CollectionConfig.defaults(directory));
        try (CollectionService service =
                new CollectionService(
                        chunks, new MemoryMetaLog(chunks), clock, Seed.random(1), config)) {
            service.create(SPACE, new CollectionSpec(NAME, 1, Metric.DOT, Optional.empty()), false);
            service.write(SPACE, NAME, WriteBatch.upsert(List.of(Rig.row("r", 1))));
            SearchSpec spec = SearchSpec.dense(new float[] {1}, 5);
            SearchSpec timed =
                    new SearchSpec(spec.legs(), spec.options().within(Duration.ofMillis(100)));
            hold.set(true);
            // A virtual thread's reads run on the only thread of the pool.
            Thread reader =
                    Thread.startVirtualThread(
                            () -> service.count(SPACE, CollectionRef.of(NAME), Optional.empty()));
            assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
            AtomicReference<SearchOutcome> outcome = new AtomicReference<>();
            Thread searching =
                    Thread.startVirtualThread(
                            () -> outcome.set(service.search(SPACE, NAME, timed)));
            assertThat(searching.join(Duration.ofMillis(300))).isFalse();
            release.countDown();
            assertThat(searching.join(Duration.ofSeconds(30))).isTrue();
            reader.join();
            assertThat(outcome.get().partial()).isTrue();
        }
    }

    @Test
    void whatIsLeftGetsLessUntilItIsNothing() {
        AtomicLong nanos = new AtomicLong(-5);
        Deadline deadline = Deadline.after(Optional.of(Duration.ofMillis(2)), nanos::get);
        assertThat(deadline.left(Duration.ofSeconds(10))).isEqualTo(Duration.ofMillis(2));
        nanos.addAndGet(1_500_000);
        assertThat(deadline.left(Duration.ofSeconds(10))).isEqualTo(Duration.ofNanos(500_000));
        assertThat(deadline.shouldExit()).isFalse();
        nanos.addAndGet(500_000);
        assertThat(deadline.left(Duration.ofSeconds(10))).isZero();
        assertThat(deadline.shouldExit()).isTrue();
        nanos.addAndGet(1);
        assertThat(deadline.left(Duration.ofSeconds(10))).isZero();
        assertThat(Deadline.after(Optional.empty(), nanos::get).left(Duration.ofSeconds(10)))
                .isEqualTo(Duration.ofSeconds(10));
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody let go");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
