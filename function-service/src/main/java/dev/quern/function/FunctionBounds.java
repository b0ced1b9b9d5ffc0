package dev.quern.function;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;

/// How much a [FunctionService] takes on.
///
/// @param maxQueuedCalls calls that wait, of all functions; more are refused as `EXHAUSTED`
/// @param maxInstances processes at once, of all functions
/// @param maxProcesses processes and threads within one sandbox
/// @param tmpSize size of `/tmp` in a sandbox, and of the largest file
/// @param artifactCacheSize unpacked artifacts kept on disk beside those in use
/// @param maxFinishedCalls finished calls remembered in a space; the oldest are forgotten
/// @param drain how long running calls may go on when the service is closed, 0 to 5 minutes
public record FunctionBounds(
        int maxQueuedCalls,
        int maxInstances,
        int maxProcesses,
        ByteSize tmpSize,
        ByteSize artifactCacheSize,
        int maxFinishedCalls,
        Duration drain) {
    /// Checks them.
    ///
    /// @throws QuernException `INVALID` naming the bound and the value
    public FunctionBounds {
        require("max queued calls", maxQueuedCalls, 1, 1_000_000);
        require("max instances", maxInstances, 1, 1_024);
        require("max processes", maxProcesses, 32, 65_536);
        require("max finished calls", maxFinishedCalls, 1, 100_000);
        if (drain.isNegative() || drain.compareTo(Duration.ofMinutes(5)) > 0) {
            throw QuernException.invalid("drain must be 0 to 5 minutes, got " + drain);
        }
    }

    /// 10,000 queued calls, 16 instances, 128 processes a sandbox, 256 MiB of `/tmp`, 2 GiB of
    /// artifacts, 10,000 finished calls, 5 s of drain.
    public static FunctionBounds defaults() {
        return new FunctionBounds(
                10_000,
                16,
                128,
                ByteSize.ofMebibytes(256),
                ByteSize.ofMebibytes(2_048),
                10_000,
                Duration.ofSeconds(5));
    }

    /// With other bounds on waiting calls, instances and remembered calls.
    public FunctionBounds withCalls(int queued, int instances, int finished) {
        return new FunctionBounds(
                queued, instances, maxProcesses, tmpSize, artifactCacheSize, finished, drain);
    }

    /// With another time for running calls when the service is closed.
    public FunctionBounds withDrain(Duration time) {
        return new FunctionBounds(
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
