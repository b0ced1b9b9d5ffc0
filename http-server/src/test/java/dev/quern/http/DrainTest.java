package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Closing: requests in flight end, new ones are not taken, and the wait is bounded.
@Timeout(60)
final class DrainTest {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private final Route slow =
            Route.of(
                    "GET",
                    "/slow",
                    _ -> {
                        entered.countDown();
                        try {
                            go.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        return Reply.json(Map.of("done", true));
                    });

    @Test
    void waitsForWhatIsInFlight() throws InterruptedException {
        TestServer server = TestServer.of(slow);
        try (RawConnection busy = new RawConnection(server.port());
                RawConnection idle = new RawConnection(server.port())) {
            idle.head("GET", "/health");
            assertThat(idle.readUntil("}")).contains("ok");
            busy.head("GET", "/slow");
            assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
            Thread closing = Thread.startVirtualThread(server::close);
            assertThat(idle.readAll()).as("idle connections close at once").isEmpty();
            assertThat(closing.join(Duration.ofMillis(300))).as("still waiting").isFalse();
            go.countDown();
            assertThat(busy.readAll()).startsWith("HTTP/1.1 200").endsWith("{\"done\":true}");
            assertThat(closing.join(Duration.ofSeconds(10))).isTrue();
        }
        server.close();
    }

    @Test
    void cutsWhatDoesNotEnd() throws InterruptedException {
        HttpConfig defaults = TestServer.config();
        HttpConfig config =
                new HttpConfig(
                        defaults.host(),
                        0,
                        defaults.maxJsonBytes(),
                        defaults.maxBufferedBytes(),
                        8,
                        8,
                        defaults.stallTimeout(),
                        defaults.idleTimeout(),
                        Duration.ofMillis(500));
        TestServer server = TestServer.of(config, slow);
        try (RawConnection busy = new RawConnection(server.port())) {
            busy.head("GET", "/slow");
            assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
            long start = System.nanoTime();
            server.close();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(9));
            assertThat(busy.readAll()).isEmpty();
        } finally {
            go.countDown();
        }
    }
}
