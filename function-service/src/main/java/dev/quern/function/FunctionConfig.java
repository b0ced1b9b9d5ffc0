package dev.quern.function;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.function.sandbox.SandboxMode;
import java.nio.file.Path;
import java.time.Duration;
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
/// @param maxQueuedCalls calls that wait, of all functions; more are refused as `EXHAUSTED`
/// @param maxInstances processes at once, of all functions
/// @param maxProcesses processes and threads within one sandbox
/// @param tmpSize size of `/tmp` in a sandbox, and of the largest file
/// @param artifactCacheSize unpacked artifacts kept on disk beside those in use
/// @param maxFinishedCalls finished calls remembered in a space; the oldest are forgotten
/// @param drain how long running calls may go on when the service is closed, 0 to 5 minutes
public record FunctionConfig(
        Path workDirectory,
        SandboxMode sandbox,
        String python,
        Optional<Path> pythonSdk,
        String runnerClassPath,
        int maxQueuedCalls,
        int maxInstances,
        int maxProcesses,
        ByteSize tmpSize,
        ByteSize artifactCacheSize,
        int maxFinishedCalls,
        Duration drain) {
    /// Checks the bounds.
    public FunctionConfig {
        workDirectory = workDirectory.toAbsolutePath().normalize();
        require("max queued calls", maxQueuedCalls, 1, 1_000_000);
        require("max instances", maxInstances, 1, 1_024);
        require("max processes", maxProcesses, 32, 65_536);
        require("max finished calls", maxFinishedCalls, 1, 100_000);
        if (drain.isNegative() || drain.compareTo(Duration.ofMinutes(5)) > 0) {
            throw QuernException.invalid("drain must be 0 to 5 minutes, got " + drain);
        }
    }

    /// The defaults: `AUTO`, `python3`, no SDK, 10,000 queued calls, 16 instances, 128 processes a
    /// sandbox, 256 MiB of `/tmp`, 2 GiB of artifacts, 10,000 finished calls, 5 s of drain.
    public static FunctionConfig of(Path workDirectory, String runnerClassPath) {
        return new FunctionConfig(
                workDirectory,
                SandboxMode.AUTO,
                "python3",
                Optional.empty(),
                runnerClassPath,
                10_000,
                16,
                128,
                ByteSize.ofMebibytes(256),
                ByteSize.ofMebibytes(2_048),
                10_000,
                Duration.ofSeconds(5));
    }

    /// With another sandbox mode.
    public FunctionConfig withSandbox(SandboxMode mode) {
        return new FunctionConfig(
                workDirectory,
                mode,
                python,
                pythonSdk,
                runnerClassPath,
                maxQueuedCalls,
                maxInstances,
                maxProcesses,
                tmpSize,
                artifactCacheSize,
                maxFinishedCalls,
                drain);
    }

    /// With the Python SDK.
    public FunctionConfig withPythonSdk(Path folder) {
        return new FunctionConfig(
                workDirectory,
                sandbox,
                python,
                Optional.of(folder),
                runnerClassPath,
                maxQueuedCalls,
                maxInstances,
                maxProcesses,
                tmpSize,
                artifactCacheSize,
                maxFinishedCalls,
                drain);
    }

    /// With other bounds on waiting calls, instances and remembered calls.
    public FunctionConfig withBounds(int queuedCalls, int instances, int finishedCalls) {
        return new FunctionConfig(
                workDirectory,
                sandbox,
                python,
                pythonSdk,
                runnerClassPath,
                queuedCalls,
                instances,
                maxProcesses,
                tmpSize,
                artifactCacheSize,
                finishedCalls,
                drain);
    }

    /// With another time for running calls when the service is closed.
    public FunctionConfig withDrain(Duration time) {
        return new FunctionConfig(
                workDirectory,
                sandbox,
                python,
                pythonSdk,
                runnerClassPath,
                maxQueuedCalls,
                maxInstances,
                maxProcesses,
                tmpSize,
                artifactCacheSize,
                maxFinishedCalls,
                time);
    }

    private static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw QuernException.invalid(
                    what + " must be " + min + " to " + max + ", got " + value);
        }
    }
}
