package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bodies that never lie in memory whole, and clients that leave in the middle.
@Timeout(120)
final class StreamingTest {
    private static final long BIG = 256L << 20;

    private static final class Pattern extends InputStream {
        private long at;
        private final long size;

        Pattern(long size) {
            this.size = size;
        }

        @Override
        public int read() {
            return at < size ? (byte) (at++ * 31) & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (at == size) {
                return -1;
            }
            int count = (int) Math.min(length, size - at);
            for (int i = 0; i < count; i++) {
                target[offset + i] = (byte) ((at + i) * 31);
            }
            at += count;
            return count;
        }
    }

    private static long verify(InputStream in) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long at = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            for (int i = 0; i < count; i++) {
                if (buffer[i] != (byte) ((at + i) * 31)) {
                    throw new IOException("wrong byte at " + (at + i));
                }
            }
            at += count;
        }
        return at;
    }

    @Test
    void uploadsWithBackPressure() throws InterruptedException {
        Semaphore steps = new Semaphore(0);
        AtomicInteger largest = new AtomicInteger();
        Route upload =
                Route.of(
                        "PUT",
                        "/up",
                        r -> {
                            steps.acquireUninterruptibly();
                            Runtime runtime = Runtime.getRuntime();
                            System.gc();
                            long before = runtime.totalMemory() - runtime.freeMemory();
                            byte[] first = r.body().readNBytes(1 << 20);
                            steps.acquireUninterruptibly();
                            System.gc();
                            long waiting = runtime.totalMemory() - runtime.freeMemory() - before;
                            largest.set((int) (waiting >> 20));
                            long rest = 0;
                            byte[] buffer = new byte[1 << 16];
                            for (int n = r.body().read(buffer); n >= 0; n = r.body().read(buffer)) {
                                rest += n;
                            }
                            return Reply.json(Map.of("bytes", first.length + rest));
                        });
        try (TestServer server = TestServer.of(upload)) {
            Thread release =
                    Thread.startVirtualThread(() -> {
                        steps.release();
                        pause(Duration.ofMillis(1500));
                        steps.release();
                    });
            HttpResponse<String> answer =
                    server.send(
                            server.request("/up")
                                    .PUT(
                                            HttpRequest.BodyPublishers.ofInputStream(
                                                    () -> new Pattern(BIG))));
            release.join();
            assertThat(answer.body()).isEqualTo("{\"bytes\":" + BIG + "}");
            assertThat(largest.get()).as("MiB held while nobody reads").isLessThan(24);
        }
    }

    private static void pause(Duration time) {
        Semaphore never = new Semaphore(0);
        try {
            assertThat(never.tryAcquire(time.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void downloadsChunkedWithBackPressure() throws IOException {
        Route down =
                Route.of(
                        "GET",
                        "/down",
                        _ -> Reply.streamed(200, "x/y", sink -> new Pattern(BIG).transferTo(sink)));
        try (TestServer server = TestServer.of(down)) {
            HttpResponse<InputStream> answer =
                    server.send(server.request("/down"), HttpResponse.BodyHandlers.ofInputStream());
            assertThat(answer.headers().firstValue("transfer-encoding")).hasValue("chunked");
            pause(Duration.ofMillis(700));
            try (InputStream in = answer.body()) {
                assertThat(verify(in)).isEqualTo(BIG);
            }
        }
    }

    @Test
    void downloadsMemoryWithoutACopy() throws IOException {
        try (Arena arena = Arena.ofShared()) {
            long size = (8 << 20) + 12345;
            MemorySegment segment = arena.allocate(size);
            for (long i = 0; i < size; i++) {
                segment.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
            }
            Route down =
                    Route.of(
                            "GET",
                            "/down",
                            _ ->
                                    new Reply(
                                            200,
                                            Map.of(),
                                            new Reply.Streamed(
                                                    "x/y",
                                                    OptionalLong.of(size),
                                                    sink ->
                                                            sink.sendDirect(
                                                                    segment.asReadOnly()))));
            try (TestServer server = TestServer.of(down)) {
                HttpResponse<InputStream> answer =
                        server.send(
                                server.request("/down"), HttpResponse.BodyHandlers.ofInputStream());
                assertThat(answer.headers().firstValue("content-length"))
                        .hasValue(Long.toString(size));
                try (InputStream in = answer.body()) {
                    assertThat(verify(in)).isEqualTo(size);
                }
            }
        }
    }

    @Test
    void linesArriveOneByOneAndADisconnectStopsTheWork() throws InterruptedException {
        Semaphore steps = new Semaphore(0);
        CountDownLatch stopped = new CountDownLatch(1);
        AtomicInteger made = new AtomicInteger();
        Route lines =
                Route.of(
                        "GET",
                        "/lines",
                        _ ->
                                Ndjson.reply(out -> {
                                    try {
                                        for (int i = 0; i < 100_000; i++) {
                                            steps.acquireUninterruptibly();
                                            out.write(Map.of("i", i));
                                            made.incrementAndGet();
                                        }
                                    } finally {
                                        stopped.countDown();
                                    }
                                }));
        try (TestServer server = TestServer.of(lines);
                RawConnection connection = new RawConnection(server.port())) {
            connection.head("GET", "/lines");
            steps.release();
            assertThat(connection.readUntil("{\"i\":0}\n"))
                    .containsIgnoringCase("content-type: application/x-ndjson");
            steps.release();
            assertThat(connection.readUntil("{\"i\":1}\n")).contains("\"i\":1");
            connection.disconnect();
            steps.release(100_000);
            assertThat(stopped.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(made.get()).isLessThan(100_000);
        }
    }

    @Test
    void aDisconnectEndsAnUploadWithAnError() throws InterruptedException {
        AtomicReference<@Nullable Exception> seen = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        Route upload =
                Route.of(
                        "PUT",
                        "/up",
                        r -> {
                            try {
                                return Reply.json(Map.of("n", r.body().readAllBytes().length));
                            } catch (IOException e) {
                                seen.set(e);
                                throw e;
                            } finally {
                                ended.countDown();
                            }
                        });
        try (TestServer server = TestServer.of(upload)) {
            RawConnection connection = new RawConnection(server.port());
            connection.head("PUT", "/up", "Content-Length: 1000").send("half");
            connection.close();
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(seen.get()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aFailureAfterTheHeadCutsTheConnection() {
        Route broken =
                Route.of(
                        "GET",
                        "/broken",
                        _ ->
                                Reply.streamed(
                                        200,
                                        "text/plain",
                                        sink -> {
                                            sink.write("begun".getBytes(StandardCharsets.UTF_8));
                                            sink.flush();
                                            throw new IllegalStateException("boom");
                                        }));
        try (TestServer server = TestServer.of(broken);
                RawConnection connection = new RawConnection(server.port())) {
            String answer = connection.head("GET", "/broken").readAll();
            assertThat(answer).contains("begun").doesNotContain("\r\n0\r\n\r\n", "boom");
        }
    }

    @Test
    void aFailureBeforeTheHeadIsAnErrorReply() {
        Route broken =
                Route.of(
                        "GET",
                        "/broken",
                        _ ->
                                Reply.streamed(
                                        200,
                                        "text/plain",
                                        sink -> {
                                            sink.write("begun".getBytes(StandardCharsets.UTF_8));
                                            throw Refusal.tooLarge("it", 1);
                                        }));
        try (TestServer server = TestServer.of(broken)) {
            HttpResponse<String> answer = server.get("/broken");
            assertThat(answer.statusCode()).isEqualTo(413);
            assertThat(answer.body()).startsWith("{\"code\":\"INVALID\"").doesNotContain("begun");
        }
    }

    @Test
    void aClientThatTakesNothingIsLeft() throws InterruptedException {
        HttpConfig defaults = TestServer.config();
        HttpConfig config =
                new HttpConfig(
                        defaults.host(),
                        0,
                        defaults.maxJsonBytes(),
                        defaults.maxBufferedBytes(),
                        8,
                        8,
                        Duration.ofMillis(500),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(5));
        CountDownLatch ended = new CountDownLatch(1);
        Route down =
                Route.of(
                        "GET",
                        "/down",
                        _ ->
                                Reply.streamed(
                                        200,
                                        "x/y",
                                        sink -> {
                                            try {
                                                new Pattern(BIG).transferTo(sink);
                                            } finally {
                                                ended.countDown();
                                            }
                                        }));
        try (TestServer server = TestServer.of(config, down);
                RawConnection connection = new RawConnection(server.port())) {
            connection.head("GET", "/down");
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }
}
