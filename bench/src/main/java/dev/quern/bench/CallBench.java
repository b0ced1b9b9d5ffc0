package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.CallInput;
import dev.quern.client.QuernClient;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.Receipt;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// A warm call of a Python function that returns its argument, through HTTP with the Java client,
/// its result and receipt durable before it returns. The peer is an echo of 64 bytes over a Unix
/// socket between two Python processes.
final class CallBench implements Benchmark {
    @Override
    public String name() {
        return "call";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        int count = context.size(3_000, 100);
        int warmUp = context.size(500, 20);
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            CallBody cold = deploy(context, client);
            double[] micros = new double[count];
            double[] run = new double[count];
            for (int i = -warmUp; i < count; i++) {
                long start = System.nanoTime();
                CallBody call = client.functions().call("echo", CallInput.args("x"));
                if (i >= 0) {
                    micros[i] = (System.nanoTime() - start) / 1e3;
                    Receipt receipt = call.receipt();
                    run[i] = receipt == null ? 0 : receipt.runMs() * 1e3;
                }
            }
            JsonNode peer = context.peers().run("unix_echo", Integer.toString(count));
            Stats ours = Stats.of(micros);
            double echo50 = peer.path("p50_us").asDouble();
            double echo99 = peer.path("p99_us").asDouble();
            String socket = "unix socket echo";
            context.results()
                    .add(
                            name(),
                            Metric.less("warm-p50", "us", ours.median()).against(socket, echo50));
            context.results()
                    .add(
                            name(),
                            Metric.less("warm-p99", "us", ours.quantile(0.99))
                                    .against(socket, echo99));
            context.results()
                    .add(
                            name(),
                            Metric.less("warm-run-p50", "us", Stats.of(run).median())
                                    .against(socket, echo50));
            Receipt first = cold.receipt();
            context.results()
                    .add(
                            name(),
                            Metric.less("cold-start", "ms", first == null ? 0 : first.coldMs()));
            context.results()
                    .add(
                            name(),
                            Metric.more(
                                    "map-calls", "calls/s", map(client, context.size(1_000, 100))));
        }
    }

    private static CallBody deploy(BenchContext context, QuernClient client) throws IOException {
        Path zip = Files.createTempFile(context.checkout().resolve("target"), "echo", ".zip");
        try (OutputStream out = Files.newOutputStream(zip);
                ZipOutputStream entries = new ZipOutputStream(out)) {
            entries.putNextEntry(new ZipEntry("echo.py"));
            entries.write("def echo(x):\n    return x\n".getBytes(StandardCharsets.UTF_8));
        }
        String artifact = client.functions().putArtifact(zip).id();
        Files.delete(zip);
        client.functions()
                .deploy(
                        "echo",
                        new DeployFunction(
                                "python", artifact, "echo:echo", null, null, null, null, 600.0));
        return client.functions().call("echo", CallInput.args("x"));
    }

    private static double map(QuernClient client, int count) {
        List<CallInput> inputs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            inputs.add(CallInput.args(i));
        }
        List<CallBody> done = new ArrayList<>();
        long start = System.nanoTime();
        client.functions().map("echo", inputs, done::add);
        return done.size() / ((System.nanoTime() - start) / 1e9);
    }
}
