package dev.quern.cli;

import dev.quern.client.CallInput;
import dev.quern.client.QuernClient;
import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.FunctionBody;
import dev.quern.common.wire.Mount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern function ...`: deployed code. Python apps are better deployed with `quern deploy
/// FILE.py`.
@Command(
        name = "function",
        description = "Deploys and calls functions.",
        mixinStandardHelpOptions = true)
final class FunctionCommand {
    @Command(description = "Lists functions.", mixinStandardHelpOptions = true)
    int list(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            List<FunctionBody> all = client.functions().list();
            terminal.printTable(
                    Map.of("functions", all),
                    List.of("NAME", "VERSION", "RUNTIME", "ENTRY", "CREATED"),
                    all.stream()
                            .map(f ->
                                    List.of(
                                            f.name(),
                                            Integer.toString(f.version()),
                                            f.runtime(),
                                            f.entry(),
                                            f.createdAt()))
                            .toList());
        }
        return 0;
    }

    @Command(description = "Shows a function.", mixinStandardHelpOptions = true)
    int describe(@Mixin Terminal terminal, @Parameters(paramLabel = "FUNCTION") String name) {
        try (QuernClient client = terminal.connect()) {
            terminal.printJson(client.functions().get(name));
        }
        return 0;
    }

    @Command(description = "Deletes a function.", mixinStandardHelpOptions = true)
    int delete(@Mixin Terminal terminal, @Parameters(paramLabel = "FUNCTION") String name) {
        try (QuernClient client = terminal.connect()) {
            client.functions().delete(name);
            terminal.print(Map.of("deleted", name), "deleted function " + name);
        }
        return 0;
    }

    @Command(
            description = "Deploys a jar, or a zip of Python sources.",
            mixinStandardHelpOptions = true)
    int deploy(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "FUNCTION") String name,
            @Parameters(paramLabel = "ARTIFACT", description = "a .jar or a .zip") Path artifact,
            @Parameters(
                            paramLabel = "ENTRY",
                            description = "package.Class::method or module:function")
                    String entry,
            @Option(
                            names = "--volume",
                            paramLabel = "/MOUNT=VOLUME[@COMMIT]",
                            description = "read-only mount; repeatable")
                    @Nullable List<String> volumes,
            @Option(
                            names = "--timeout",
                            paramLabel = "SECONDS",
                            description = "per call; default 300")
                    @Nullable Double timeout,
            @Option(
                            names = "--memory",
                            paramLabel = "SIZE",
                            description = "per process, such as 256MiB; default 512MiB")
                    @Nullable String memory,
            @Option(names = "--max-instances", description = "processes at once; default 2")
                    @Nullable Integer maxInstances) {
        String runtime = artifact.toString().endsWith(".jar") ? "java" : "python";
        try (QuernClient client = terminal.connect()) {
            String id = client.functions().putArtifact(artifact).id();
            FunctionBody body =
                    client.functions()
                            .deploy(
                                    name,
                                    new DeployFunction(
                                            runtime,
                                            id,
                                            entry,
                                            mounts(volumes),
                                            timeout,
                                            memory == null ? null : ByteSize.parse(memory).bytes(),
                                            maxInstances,
                                            null));
            terminal.print(
                    body,
                    "deployed " + body.name() + " version " + body.version() + ": " + body.entry());
        }
        return 0;
    }

    private static Map<String, Mount> mounts(@Nullable List<String> volumes) {
        Map<String, Mount> mounts = new LinkedHashMap<>();
        for (String text : volumes == null ? List.<String>of() : volumes) {
            String[] parts = text.split("=", 2);
            if (parts.length != 2) {
                throw QuernException.invalid(
                        "--volume must be /MOUNT=VOLUME, got \"" + text + "\"");
            }
            String[] volume = parts[1].split("@", 2);
            mounts.put(parts[0], new Mount(volume[0], volume.length == 2 ? volume[1] : null));
        }
        return mounts;
    }

    @Command(
            description = "Calls a function and prints its output; its logs go to stderr.",
            mixinStandardHelpOptions = true)
    int call(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "FUNCTION") String name,
            @Parameters(
                            paramLabel = "ARGUMENT",
                            arity = "0..*",
                            description = "JSON values; what is not JSON is taken as a string")
                    @Nullable List<String> arguments,
            @Option(names = "--spawn", description = "only queue it and print the call")
                    boolean spawn,
            @Option(names = "--receipt", description = "print the receipt to stderr")
                    boolean receipt) {
        List<Object> values = new ArrayList<>();
        for (String argument : arguments == null ? List.<String>of() : arguments) {
            values.add(value(argument));
        }
        CallInput input = CallInput.args(values, Map.of());
        try (QuernClient client = terminal.connect()) {
            if (spawn) {
                CallBody call = client.functions().spawn(name, input);
                terminal.print(call, call.id());
                return 0;
            }
            CallBody call = client.functions().call(name, input);
            if (receipt) {
                terminal.note("receipt " + Terminal.write(call.receipt()));
            }
            return CallCommand.printResult(terminal, client, call);
        }
    }

    private static Object value(String argument) {
        try {
            return Terminal.read("argument", argument, Object.class);
        } catch (QuernException e) {
            return argument;
        }
    }
}
