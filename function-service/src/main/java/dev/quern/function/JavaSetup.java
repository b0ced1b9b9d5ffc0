package dev.quern.function;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quern.function.runner.RunnerMain;
import dev.quern.function.sandbox.Bind;
import dev.quern.function.sandbox.SandboxBounds;
import dev.quern.function.sandbox.SandboxCommand;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Starts [RunnerMain] with the service's own JDK. Inside, the jar is `/quern/function.jar`, the
/// runner's class path lies in `/quern/lib`.
final class JavaSetup implements RuntimeSetup {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MIB = 1L << 20;
    private final FunctionConfig config;
    private final Path home = Path.of(System.getProperty("java.home"));
    private final Supplier<List<Path>> classPath;

    JavaSetup(FunctionConfig config) {
        this.config = config;
        this.classPath = new RunnerClassPath(config.runnerClassPath());
    }

    @Override
    public Launch launch(Deployment deployment, Path code, List<Bind> mounts, boolean confined) {
        List<Bind> binds = new ArrayList<>(binds());
        binds.addAll(mounts);
        binds.add(new Bind(code, "/quern/function.jar"));
        List<String> inside = new ArrayList<>();
        List<Path> entries = classPath.get();
        for (int i = 0; i < entries.size(); i++) {
            Path entry = entries.get(i);
            String target = "/quern/lib/" + i + "-" + entry.getFileName();
            binds.add(new Bind(entry, target));
            inside.add(confined ? target : entry.toString());
        }
        SandboxBounds bounds =
                new SandboxBounds(
                        deployment.limits().memory(),
                        false,
                        config.bounds().maxProcesses(),
                        config.bounds().tmpSize());
        SandboxCommand command =
                new SandboxCommand(
                        arguments(deployment, inside),
                        PythonSetup.environment(deployment),
                        binds,
                        bounds);
        ObjectNode load = JSON.createObjectNode().put("op", "load");
        load.put("entry", deployment.info().spec().entry());
        load.put("jar", confined ? "/quern/function.jar" : code.toString());
        return new Launch(command, load);
    }

    private List<String> arguments(Deployment deployment, List<String> inside) {
        long memory = deployment.limits().memory().bytes();
        long heap = Math.max(memory / 2, memory - 256 * MIB) / MIB;
        return List.of(
                home.resolve("bin/java").toString(),
                "-Xmx" + heap + "m",
                "-Xms" + Math.min(heap, 16) + "m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:ReservedCodeCacheSize=32m",
                "-XX:MaxDirectMemorySize=" + Math.max(16, heap / 4) + "m",
                "-XX:-UsePerfData",
                "-XX:-UseContainerSupport",
                "-XX:+DisableAttachMechanism",
                "-Xshare:auto",
                "-Djava.io.tmpdir=/tmp",
                "-cp",
                String.join(File.pathSeparator, inside),
                RunnerMain.class.getName());
    }

    @Override
    public List<Bind> binds() {
        return List.of(Bind.same(home));
    }
}
