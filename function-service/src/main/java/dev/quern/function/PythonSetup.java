package dev.quern.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.function.sandbox.Bind;
import dev.quern.function.sandbox.SandboxBounds;
import dev.quern.function.sandbox.SandboxCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Starts `quern_runner.py` with the machine's Python. Inside, the user's sources are at
/// `/quern/code` and first on the module search path, the SDK at `/quern/sdk` and second.
final class PythonSetup implements RuntimeSetup {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final FunctionConfig config;
    private final Path runner;

    @GuardedBy("this")
    private Optional<PythonInterpreter> interpreter = Optional.empty();

    /// @param runner `quern_runner.py`
    PythonSetup(FunctionConfig config, Path runner) {
        this.config = config;
        this.runner = runner;
    }

    @Override
    public Launch launch(Deployment deployment, Path code, List<Bind> mounts, boolean confined) {
        PythonInterpreter python = interpreter();
        List<Bind> binds = new ArrayList<>(binds());
        binds.addAll(mounts);
        binds.add(new Bind(runner, "/quern/runner.py"));
        binds.add(new Bind(code, "/quern/code"));
        List<String> paths = new ArrayList<>(List.of(confined ? "/quern/code" : code.toString()));
        config.pythonSdk()
                .filter(Files::isDirectory)
                .ifPresent(sdk -> {
                    binds.add(new Bind(sdk, "/quern/sdk"));
                    paths.add(confined ? "/quern/sdk" : sdk.toString());
                });
        List<String> arguments =
                List.of(
                        python.executable().toString(),
                        "-I",
                        "-B",
                        "-X",
                        "utf8",
                        confined ? "/quern/runner.py" : runner.toString());
        SandboxBounds bounds =
                new SandboxBounds(
                        deployment.limits().memory(),
                        true,
                        config.bounds().maxProcesses(),
                        config.bounds().tmpSize());
        SandboxCommand command =
                new SandboxCommand(arguments, environment(deployment), binds, bounds);
        return new Launch(command, load(deployment, paths));
    }

    private static JsonNode load(Deployment deployment, List<String> paths) {
        ObjectNode load = JSON.createObjectNode().put("op", "load");
        load.put("entry", deployment.info().spec().entry()).put("root", paths.getFirst());
        ArrayNode list = load.putArray("paths");
        paths.forEach(list::add);
        return load;
    }

    /// The whole environment of a function, apart from PATH.
    static Map<String, String> environment(Deployment deployment) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("HOME", "/tmp");
        environment.put("TMPDIR", "/tmp");
        environment.put("USER", "quern");
        environment.put("LANG", "C.UTF-8");
        environment.put("TZ", "UTC");
        environment.put("QUERN_FUNCTION", deployment.info().name());
        return environment;
    }

    @Override
    public List<Bind> binds() {
        List<Bind> binds = new ArrayList<>();
        interpreter().folders().forEach(folder -> binds.add(Bind.same(folder)));
        return binds;
    }

    private synchronized PythonInterpreter interpreter() {
        if (interpreter.isEmpty()) {
            interpreter = Optional.of(PythonInterpreter.find(config.python()));
        }
        return interpreter.get();
    }
}
