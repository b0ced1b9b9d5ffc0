package dev.quern.cli.demo;

import dev.quern.client.CallInput;
import dev.quern.client.Calls;
import dev.quern.client.QuernClient;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CallError;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.Mount;
import dev.quern.common.wire.Receipt;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/// Deploys the two example functions and maps them over the files of the volume that they see at
/// `/data`.
final class DemoFunctions {
    private static final int FILES = 1_000;
    private static final long MEMORY_BYTES = 256L << 20;
    private static final double TIMEOUT_SECONDS = 60;

    private final QuernClient client;
    private final Narrator narrator;
    private final Path examples;

    DemoFunctions(QuernClient client, Narrator narrator, Path home) {
        this.client = client;
        this.narrator = narrator;
        this.examples = home.resolve("examples");
    }

    /// Deploys and runs both.
    ///
    /// @param commit what the functions see
    /// @return every call, succeeded
    List<CallBody> run(String commit, List<String> paths) throws IOException {
        List<String> some = paths.subList(0, Math.min(paths.size(), FILES));
        List<CallBody> calls = new ArrayList<>();
        Path work = Files.createTempDirectory("quern-demo-functions");
        try {
            Path zip = zip(work.resolve("wordcount.zip"), examples, List.of("wordcount.py"));
            calls.addAll(map("python", zip, "wordcount:count", commit, some));
            calls.addAll(map("java", compile(work), "Headings::list", commit, some));
        } finally {
            try (Stream<Path> files = Files.list(work)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(work);
        }
        return calls;
    }

    private List<CallBody> map(
            String runtime, Path artifact, String entry, String commit, List<String> paths) {
        String name = "demo-" + runtime;
        client.functions()
                .deploy(
                        name,
                        new DeployFunction(
                                runtime,
                                client.functions().putArtifact(artifact).id(),
                                entry,
                                Map.of("/data", new Mount(Demo.NAME, commit)),
                                TIMEOUT_SECONDS,
                                MEMORY_BYTES,
                                2,
                                null));
        List<CallBody> calls = new ArrayList<>();
        List<CallInput> inputs = paths.stream().map(path -> CallInput.args(path)).toList();
        client.functions().map(name, inputs, calls::add);
        for (CallBody call : calls) {
            CallError error = call.error();
            StepFailed.unless(
                    call.status().equals("succeeded"),
                    name
                            + " on "
                            + paths.get(index(call))
                            + ": "
                            + (error == null
                                    ? call.status()
                                    : error.type() + ": " + error.message()));
        }
        StepFailed.unless(calls.size() == paths.size(), name + " ran " + calls.size() + " times");
        double seconds = narrator.stepSeconds();
        narrator.done(
                "ran a %s function over %d files in the mounted volume (%.0f calls/s with its start)",
                runtime.equals("java") ? "Java" : "Python", calls.size(), calls.size() / seconds);
        calls.stream().limit(2).forEach(call -> narrator.detail("%s", result(call)));
        narrator.detail("receipt: %s", receipt(calls.getLast()));
        return calls;
    }

    private static int index(CallBody call) {
        Integer index = call.index();
        return index == null ? 0 : index;
    }

    private String result(CallBody call) {
        Calls calls = client.calls();
        return String.valueOf(calls.output(call, Object.class));
    }

    private static String receipt(CallBody call) {
        Receipt receipt = call.receipt();
        StepFailed.unless(receipt != null, "call " + call.id() + " has no receipt");
        if (receipt == null) {
            return "";
        }
        return String.format(
                java.util.Locale.ROOT,
                "queue %.1f ms, cold start %.1f ms, run %.1f ms, cpu %.1f ms, %d MiB, %s, %s",
                receipt.queueMs(),
                receipt.coldMs(),
                receipt.runMs(),
                receipt.cpuMs(),
                receipt.peakMemoryBytes() >> 20,
                receipt.sandbox(),
                receipt.placement());
    }

    private Path compile(Path work) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StepFailed.unless(compiler != null, "this Java has no compiler: a JDK is needed");
        StringWriter messages = new StringWriter();
        boolean compiled =
                compiler.getTask(
                                messages,
                                null,
                                null,
                                List.of("-proc:none", "-d", work.toString()),
                                null,
                                compiler.getStandardFileManager(null, null, null)
                                        .getJavaFileObjects(examples.resolve("Headings.java")))
                        .call();
        if (!compiled) {
            throw QuernException.invalid("examples/Headings.java does not compile: " + messages);
        }
        return zip(work.resolve("headings.jar"), work, List.of("Headings.class"));
    }

    private static Path zip(Path target, Path folder, List<String> names) throws IOException {
        try (OutputStream out = Files.newOutputStream(target);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String name : names) {
                zip.putNextEntry(new ZipEntry(name));
                Files.copy(folder.resolve(name), zip);
                zip.closeEntry();
            }
        }
        return target;
    }
}
