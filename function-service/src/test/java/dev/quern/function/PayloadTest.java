package dev.quern.function;

import static dev.quern.function.TestBench.SPACE;
import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What goes into a call and comes out of it.
final class PayloadTest {
    @TempDir Path dir;
    private TestBench bench;

    @BeforeEach
    void open() {
        bench = new TestBench(dir, Modes.any());
    }

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void takesInputsByConvention() {
        bench.deployPython(
                "f", "def f(*args, **kwargs): return [list(args), kwargs]", limits(20, 128, 1));
        assertThat(bench.value("f", "").toString()).isEqualTo("[[],{}]");
        assertThat(bench.value("f", "[1,2]").toString()).isEqualTo("[[[1,2]],{}]");
        assertThat(bench.value("f", "\"x\"").toString()).isEqualTo("[[\"x\"],{}]");
        assertThat(bench.value("f", "{}").toString()).isEqualTo("[[{}],{}]");
        assertThat(bench.value("f", "{\"a\":1}").toString()).isEqualTo("[[{\"a\":1}],{}]");
        assertThat(bench.value("f", "{\"args\":1}").toString()).isEqualTo("[[{\"args\":1}],{}]");
        assertThat(bench.value("f", "{\"args\":[1],\"kwargs\":{\"k\":2}}").toString())
                .isEqualTo("[[1],{\"k\":2}]");
        assertThat(bench.value("f", "{\"args\":[\"ä\\ud83d\\ude00\"]}").get(0).get(0).asText())
                .isEqualTo("ä\ud83d\ude00");
        assertThat(bench.call("f", "{broken").failure().orElseThrow().type())
                .isEqualTo("json.decoder.JSONDecodeError");
    }

    @Test
    void rawBytesComeAndGo() throws IOException {
        bench.deployPython("f", "def f(b): return bytes(reversed(b))", limits(20, 256, 1));
        byte[] bytes = new byte[5 << 20];
        bytes[0] = 7;
        CallInfo call = bench.service().call(SPACE, "f", new Payload(Payload.BYTES, bytes));
        assertThat(call.output().orElseThrow().contentType()).isEqualTo(Payload.BYTES);
        try (var in = bench.service().openOutput(SPACE, call.id())) {
            byte[] back = in.readAllBytes();
            assertThat(back).hasSize(bytes.length);
            assertThat(back[back.length - 1]).isEqualTo((byte) 7);
        }
    }

    @Test
    void whatCannotBeSentIsSaidClearly() {
        bench.deployPython(
                "f",
                """
                def f(kind):
                    if kind == "generator": return (i for i in range(3))
                    if kind == "object": return object()
                    if kind == "nan": return float("nan")
                    if kind == "deep":
                        x = []
                        for i in range(100000): x = [x]
                        return x
                    if kind == "big": return "x" * (17 << 20)
                    if kind == "surrogate": return "\\ud800"
                """,
                limits(20, 512, 1));
        assertThat(message("generator")).contains("returned a generator");
        assertThat(message("object")).contains("(object) cannot be sent as JSON");
        assertThat(message("nan")).contains("cannot be sent as JSON");
        assertThat(message("deep")).contains("cannot be sent as JSON");
        assertThat(message("big")).contains("over the bound of 16777216");
        assertThat(bench.call("f", "\"surrogate\"").status()).isEqualTo(CallStatus.SUCCEEDED);
    }

    private String message(String kind) {
        return bench.call("f", "\"" + kind + "\"").failure().orElseThrow().message();
    }

    @Test
    void asyncFunctionsAndWrappersWork() {
        bench.deployPython(
                "f",
                """
                import asyncio
                class Function:
                    def __init__(self, f): self.raw_f = f
                    def __call__(self, *a): raise RuntimeError("the wrapper was called")
                @Function
                async def f(x):
                    await asyncio.sleep(0)
                    return x * 2
                """,
                limits(20, 128, 1));
        assertThat(bench.value("f", "4").asInt()).isEqualTo(8);
    }

    @Test
    void picklesStayPickles() throws IOException, InterruptedException {
        bench.deployPython(
                "f",
                """
                class Two(Exception):
                    def __init__(self, a, b):
                        super().__init__(a, b)
                class Lost(Exception):
                    def __init__(self, a, b):
                        super().__init__(a)
                def f(x, fail=""):
                    if fail == "two": raise Two(1, 2)
                    if fail == "lost": raise Lost(1, 2)
                    return {x: (1, 2)}
                """,
                limits(20, 128, 1));
        CallInfo call = pickleCall("((7,), {})");
        assertThat(call.output().orElseThrow().contentType()).isEqualTo(Payload.PICKLE);
        assertThat(Pickles.repr(call.output().orElseThrow().bytes().orElseThrow()))
                .isEqualTo("{7: (1, 2)}");
        CallFailure two = pickleCall("((7, 'two'), {})").failure().orElseThrow();
        assertThat(two.pickle()).isPresent();
        CallFailure lost = pickleCall("((7, 'lost'), {})").failure().orElseThrow();
        assertThat(lost.pickle()).isEmpty();
        assertThat(lost.type()).isEqualTo("app.Lost");
        CallInfo broken =
                bench.service().call(SPACE, "f", new Payload(Payload.PICKLE, new byte[] {1, 2, 3}));
        assertThat(broken.failure().orElseThrow().reason()).isEqualTo(FailureReason.EXCEPTION);
    }

    private CallInfo pickleCall(String value) throws IOException, InterruptedException {
        return bench.service().call(SPACE, "f", new Payload(Payload.PICKLE, Pickles.of(value)));
    }
}
