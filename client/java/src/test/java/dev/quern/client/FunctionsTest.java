package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FunctionsTest {
    private static final String QUEUED = call("c1", "queued", "");
    private static final String DONE = call("c1", "succeeded", json("{\"words\":3}"));

    private FakeServer server;
    private QuernClient client;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        client = new QuernClient(server.client().config());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static String call(String id, String status, String more) {
        return "{\"id\":\""
                + id
                + "\",\"function\":\"count\",\"version\":1,\"created_at\":\"t\",\"status\":\""
                + status
                + "\""
                + more
                + "}\n";
    }

    private static String json(String value) {
        return ",\"output\":{\"content_type\":\"application/json\",\"size_bytes\":9,\"json\":"
                + value
                + "}";
    }

    @Test
    void deploysAnArtifact(@TempDir Path folder) throws IOException {
        Path jar = Files.writeString(folder.resolve("f.jar"), "bytes");
        server.answer(201, "{\"id\":\"a1\",\"size_bytes\":5}")
                .answer(
                        200,
                        "{\"name\":\"count\",\"version\":2,\"runtime\":\"java\",\"entry\":\"a.B::c\","
                                + "\"artifact\":\"a1\",\"volumes\":{},\"timeout_seconds\":300.0,"
                                + "\"memory_bytes\":1,\"max_instances\":2,\"scaledown_seconds\":60.0,"
                                + "\"created_at\":\"t\"}");
        String artifact = client.functions().putArtifact(jar).id();
        Map<String, Mount> volumes = Map.of("/data", new Mount("docs", null));
        DeployFunction request =
                new DeployFunction("java", artifact, "a.B::c", volumes, null, null, null, null);
        assertThat(client.functions().deploy("count", request).version()).isEqualTo(2);
        assertThat(server.last().body())
                .isEqualTo(
                        "{\"runtime\":\"java\",\"artifact\":\"a1\",\"entry\":\"a.B::c\","
                                + "\"volumes\":{\"/data\":{\"volume\":\"docs\"}}}");
    }

    @Test
    void callsWithArgumentsAndReadsTheValue() {
        server.answer(200, DONE);
        Map<?, ?> value = client.functions().call("count", Map.class, "a b", 2);
        assertThat(value).isEqualTo(Map.of("words", 3));
        assertThat(server.last().target()).isEqualTo("/v1/functions/count/call");
        assertThat(client.calls().output(parse(DONE), Words.class)).isEqualTo(new Words(3));
        assertThat(server.last().body()).contains("\"args\":[\"a b\",2]").contains("\"kwargs\":{}");
    }

    record Words(int words) {}

    private static CallBody parse(String json) {
        try {
            return Json.read(json.getBytes(StandardCharsets.UTF_8), CallBody.class);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFailedCallTellsTheRemoteTraceback() {
        String error =
                ",\"error\":{\"reason\":\"exception\",\"type\":\"ValueError\",\"message\":\"no\","
                        + "\"traceback\":\"File x.py\"}";
        server.answer(200, call("c1", "failed", error)).answer(200, call("c2", "timed_out", ""));
        assertThatThrownBy(() -> client.functions().call("count", String.class))
                .isInstanceOf(CallFailedException.class)
                .hasMessage(
                        "call c1 of count failed: ValueError: no\nremote traceback:\nFile x.py");
        assertThatThrownBy(() -> client.functions().call("count", String.class))
                .hasMessage("call c2 of count timed_out");
    }

    @Test
    void fetchesLargeOutputs() {
        String href =
                ",\"output\":{\"content_type\":\"application/json\",\"size_bytes\":9,"
                        + "\"href\":\"/v1/calls/c1/output\"}";
        server.answer(200, call("c1", "succeeded", href)).answer(200, "\"big\"");
        assertThat(client.functions().call("count", String.class)).isEqualTo("big");
        assertThat(server.last().target()).isEqualTo("/v1/calls/c1/output");
    }

    @Test
    void refusesToReadAPickle() {
        String pickle =
                ",\"output\":{\"content_type\":\"application/x-python-pickle\",\"size_bytes\":1,"
                        + "\"base64\":\"Ti4=\"}";
        server.answer(200, call("c1", "succeeded", pickle));
        assertThatThrownBy(() -> client.functions().call("count", String.class))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("not JSON");
    }

    @Test
    void mapsAndTellsEachInputAsItEnds() {
        server.answer(
                200,
                call("c2", "succeeded", ",\"index\":1" + json("2"))
                        + call("c1", "succeeded", ",\"index\":0" + json("1")));
        List<Integer> order = new ArrayList<>();
        List<CallInput> inputs =
                List.of(
                        CallInput.args("a"),
                        new CallInput("application/octet-stream", new byte[] {1}));
        client.functions().map("count", inputs, call -> order.add(call.index()));
        assertThat(order).containsExactly(1, 0);
        assertThat(server.last().body())
                .contains("\"base64\":\"AQ==\"")
                .contains("\"args\":[\"a\"]");
        client.functions().map("count", List.of(), call -> order.add(9));
        assertThat(order).hasSize(2);
    }

    @Test
    void aMapThatBreaksOffIsAnError() {
        server.answer(200, call("c1", "succeeded", ",\"index\":0" + json("1")));
        List<CallInput> inputs = List.of(CallInput.args(1), CallInput.args(2));
        assertThatThrownBy(() -> client.functions().map("count", inputs, call -> {}))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("broke off");
    }

    @Test
    void awaitsTheEndOfACall() {
        server.answer(202, QUEUED).answer(200, QUEUED).answer(200, DONE);
        CallBody queued = client.functions().spawn("count", CallInput.args());
        assertThat(Calls.isFinished(queued)).isFalse();
        CallBody done = client.calls().await(queued.id(), Duration.ofSeconds(100));
        assertThat(Calls.isFinished(done)).isTrue();
        assertThat(server.asked().get(1).target()).isEqualTo("/v1/calls/c1?wait_seconds=60");
        server.answer(200, QUEUED);
        assertThat(client.calls().await("c1", Duration.ZERO).status()).isEqualTo("queued");
        assertThat(server.last().target()).isEqualTo("/v1/calls/c1?wait_seconds=0");
    }

    @Test
    void listsAndCancelsCalls() {
        server.answer(200, "{\"calls\":[" + QUEUED + "]}").answer(200, call("c1", "cancelled", ""));
        assertThat(client.calls().list(Optional.of("count"), 5)).hasSize(1);
        assertThat(server.last().target()).isEqualTo("/v1/calls?function=count&limit=5");
        assertThat(client.calls().cancel("c1").status()).isEqualTo("cancelled");
    }
}
