package dev.quern.function;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;

/// Bounds of a function.
///
/// @param timeout of one call, 0.1 s to 24 h; at its end the whole sandbox is killed
/// @param memory of one instance, 64 MiB (Java: 128 MiB) to 1 TiB
/// @param maxInstances processes at once, 1 to 64
/// @param scaledown idle time after which an instance is stopped, 0 to 1 h
public record FunctionLimits(
        Duration timeout, ByteSize memory, int maxInstances, Duration scaledown) {
    /// 300 s, 512 MiB, 2 instances, 60 s.
    public static final FunctionLimits DEFAULT =
            new FunctionLimits(
                    Duration.ofSeconds(300), ByteSize.ofMebibytes(512), 2, Duration.ofSeconds(60));

    /// Checks the bounds.
    public FunctionLimits {
        require(
                timeout.compareTo(Duration.ofMillis(100)) >= 0
                        && timeout.compareTo(Duration.ofHours(24)) <= 0,
                "timeout must be 0.1 to 86400 seconds, got " + timeout);
        require(
                memory.compareTo(ByteSize.ofMebibytes(64)) >= 0
                        && memory.compareTo(ByteSize.ofMebibytes(1 << 20)) <= 0,
                "memory must be 64 MiB to 1 TiB, got " + memory);
        require(
                maxInstances >= 1 && maxInstances <= 64,
                "max instances must be 1 to 64, got " + maxInstances);
        require(
                !scaledown.isNegative() && scaledown.compareTo(Duration.ofHours(1)) <= 0,
                "scaledown must be 0 to 3600 seconds, got " + scaledown);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw QuernException.invalid(message);
        }
    }
}
