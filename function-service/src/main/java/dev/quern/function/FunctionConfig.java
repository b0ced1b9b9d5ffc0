package dev.quern.function;

import dev.quern.function.sandbox.SandboxMode;
import java.nio.file.Path;
import java.util.Optional;

/// Settings of a [FunctionService].
///
/// @param workDirectory unpacked artifacts and runners; only a cache, wiped at start
/// @param sandbox how processes are confined
/// @param python the interpreter: a name on the PATH or an absolute path
/// @param pythonSdk the folder that holds the `quern` package, seen by Python functions; one that
///   is not there is left out
/// @param runnerClassPath class path that holds the Java runner (this module and Jackson databind),
///   entries separated as on the command line; entries that hold nothing of it are left out
/// @param bounds how much it takes on
public record FunctionConfig(
        Path workDirectory,
        SandboxMode sandbox,
        String python,
        Optional<Path> pythonSdk,
        String runnerClassPath,
        FunctionBounds bounds) {
    /// Makes the directory absolute.
    public FunctionConfig {
        workDirectory = workDirectory.toAbsolutePath().normalize();
    }

    /// The defaults: `AUTO`, `python3`, no SDK, [FunctionBounds#defaults].
    public static FunctionConfig of(Path workDirectory, String runnerClassPath) {
        return new FunctionConfig(
                workDirectory,
                SandboxMode.AUTO,
                "python3",
                Optional.empty(),
                runnerClassPath,
                FunctionBounds.defaults());
    }

    /// With another sandbox mode.
    public FunctionConfig withSandbox(SandboxMode mode) {
        return new FunctionConfig(workDirectory, mode, python, pythonSdk, runnerClassPath, bounds);
    }

    /// With the Python SDK.
    public FunctionConfig withPythonSdk(Path folder) {
        return new FunctionConfig(
                workDirectory, sandbox, python, Optional.of(folder), runnerClassPath, bounds);
    }

    /// With other bounds.
    public FunctionConfig withBounds(FunctionBounds other) {
        return new FunctionConfig(
                workDirectory, sandbox, python, pythonSdk, runnerClassPath, other);
    }
}
