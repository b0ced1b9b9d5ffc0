package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class BuildMemoryTest {
    @Test
    void aBuildWaitsUntilAnotherEnds()
            throws InterruptedException, ExecutionException, IOException {
        BuildMemory memory = new BuildMemory(100);
        CountDownLatch waiting = new CountDownLatch(1);
        try (ExecutorService pool =
                Executors.newFixedThreadPool(1, Thread.ofPlatform().name("build-", 0).factory())) {
            Future<Long> second;
            try (BuildMemory.Lease _ = memory.take(60, () -> {});
                    BuildMemory.Lease _ = memory.take(20, () -> {})) {
                second =
                        pool.submit(() -> {
                            try (BuildMemory.Lease _ = memory.take(50, waiting::countDown)) {
                                return memory.usedBytes();
                            }
                        });
                waiting.await();
                assertThat(memory.usedBytes()).isEqualTo(80);
                assertThat(second.isDone()).isFalse();
            }
            assertThat(second.get()).isEqualTo(50);
        }
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void oneThatIsStoppedTakesNothing() throws IOException {
        BuildMemory memory = new BuildMemory(100);
        try (BuildMemory.Lease _ = memory.take(100, () -> {})) {
            assertThatThrownBy(
                            () -> {
                                try (BuildMemory.Lease _ =
                                        memory.take(
                                                1,
                                                () -> {
                                                    throw new IOException("stopped");
                                                })) {
                                    throw new AssertionError("there was none left");
                                }
                            })
                    .hasMessage("stopped");
        }
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void graphsBeyondItAreNotBuilt() {
        FusedConfig config = new FusedConfig(10, 1 << 30, 1, new BuildMemory(1 << 20));
        assertThat(config.maxVectors(384)).isEqualTo((1 << 20) / (3_456 + Edges.SIDE_BYTES));
        assertThat(config.holds(200, 384)).isTrue();
        assertThat(config.holds(300, 384)).isFalse();
    }
}
