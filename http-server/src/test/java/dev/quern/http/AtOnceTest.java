package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.QuernException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// Requests that begin on their event loop: answered there when they are done at once, by a thread
/// of their own when not, and the same to the client either way.
final class AtOnceTest {
    private static final AtomicInteger BEGUN = new AtomicInteger();
    private static final CountDownLatch GO = new CountDownLatch(1);
    private static final TestServer SERVER =
            TestServer.of(
                    Route.of("POST", "/t/{what}", r -> threadReply("whole"))
                            .atOnce(AtOnceTest::begin),
                    Route.of("GET", "/plain", _ -> threadReply("plain")));

    @AfterAll
    static void close() {
        GO.countDown();
        SERVER.close();
    }

    private static Reply threadReply(String by) {
        return Reply.json(Map.of("by", by, "loop", isLoop()));
    }

    private static boolean isLoop() {
        return Thread.currentThread().getName().contains("eventloop");
    }

    private static AtOnce.Outcome begin(Request request) throws java.io.IOException {
        BEGUN.incrementAndGet();
        byte[] body = request.bytes("the body", 1 << 20);
        return switch (request.path("what")) {
            case "done" -> new AtOnce.Done(Json.bytes(Map.of("by", "begin", "loop", isLoop())));
            case "large" ->
                    new AtOnce.Done(
                            ("\"" + "x".repeat(1 << 20) + "\"").getBytes(StandardCharsets.UTF_8));
            case "later" -> new AtOnce.Later(() -> threadReply("rest " + body.length));
            case "slow" ->
                    new AtOnce.Later(() -> {
                        await();
                        return threadReply("slow");
                    });
            case "bug" -> throw new IllegalStateException("secret detail");
            default -> throw QuernException.invalid("what went wrong");
        };
    }

    private static void await() {
        try {
            assertThat(GO.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void answersOnTheLoopWhatIsDoneAtOnce() {
        assertThat(post("/t/done", "{}"))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\"by\":\"begin\"", "\"loop\":true")
                .contains("content-type: application/json\r\n", "x-request-id: ");
        assertThat(SERVER.get("/metrics").body()).contains("route=\"/t/{what}\",status=\"200\"");
    }

    @Test
    void givesTheRestAThread() {
        assertThat(post("/t/later", "abc")).contains("\"by\":\"rest 3\"", "\"loop\":false");
    }

    @Test
    void givesLargeBodiesAndRepliesAThread() {
        HttpResponse<String> body = SERVER.post("/t/done", "x".repeat(100_000));
        assertThat(JsonAnswer.of(body).path("by").asText()).isEqualTo("whole");
        assertThat(JsonAnswer.of(body).path("loop").asBoolean()).isFalse();
        assertThat(post("/t/large", "{}")).endsWith("\r\n\r\n\"" + "x".repeat(1 << 20) + "\"");
    }

    @Test
    void saysWhatIsWrongAsEver() {
        assertThat(post("/t/wrong", "{}"))
                .startsWith("HTTP/1.1 400 ")
                .contains("INVALID", "what went wrong");
        assertThat(post("/t/bug", "{}"))
                .startsWith("HTTP/1.1 500 ")
                .contains("INTERNAL")
                .doesNotContain("secret");
        assertThat(post("/t/done?a=%25%ff", "{}")).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void beginsNothingWithoutAKnownToken() {
        int before = BEGUN.get();
        HttpResponse<String> unknown =
                SERVER.send(
                        SERVER.request("/t/wrong", "nobody")
                                .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{}")));
        assertThat(unknown.statusCode()).isEqualTo(401);
        HttpResponse<String> operator =
                SERVER.send(
                        SERVER.request("/t/done", TestServer.OPERATOR)
                                .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{}")));
        assertThat(JsonAnswer.of(operator).path("by").asText()).isEqualTo("whole");
        assertThat(BEGUN.get()).isEqualTo(before);
    }

    /// In one piece, as it is only begun on the loop if the body comes with the head.
    private static String post(String path, String body) {
        try (RawConnection connection = new RawConnection(SERVER.port())) {
            return connection
                    .send(
                            "POST "
                                    + path
                                    + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                                    + TestServer.TOKEN
                                    + "\r\nContent-Length: "
                                    + body.length()
                                    + "\r\n\r\n"
                                    + body)
                    .readAll();
        }
    }

    /// There are more slow ones than loops.
    @Test
    void slowOnesKeepNoLoop() throws ExecutionException, InterruptedException, TimeoutException {
        List<CompletableFuture<String>> slow = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            slow.add(
                    CompletableFuture.supplyAsync(
                            () -> post("/t/slow", "{}"), Thread::startVirtualThread));
        }
        for (int i = 0; i < 50; i++) {
            assertThat(post("/t/done", "{}")).contains("\"loop\":true");
            assertThat(SERVER.get("/plain").statusCode()).isEqualTo(200);
        }
        assertThat(slow).noneMatch(CompletableFuture::isDone);
        GO.countDown();
        for (CompletableFuture<String> each : slow) {
            assertThat(each.get(60, TimeUnit.SECONDS)).contains("slow");
        }
    }

    @Test
    void answersPipelinedOnesInOrder() {
        try (RawConnection connection = new RawConnection(SERVER.port())) {
            for (String what : List.of("done", "later", "done", "wrong", "done")) {
                connection.head("POST", "/t/" + what, "Content-Length: 0");
            }
            String all = connection.head("GET", "/plain", "Connection: close").readAll();
            assertThat(all.split("HTTP/1.1 ", -1)).hasSize(7);
            assertThat(all.indexOf("400 ")).isGreaterThan(all.indexOf("rest 0"));
            assertThat(all.indexOf("plain")).isGreaterThan(all.indexOf("400 "));
        }
    }
}
