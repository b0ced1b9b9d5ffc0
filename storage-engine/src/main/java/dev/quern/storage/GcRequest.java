package dev.quern.storage;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;

/// How to collect garbage.
///
/// @param grace how long a chunk must have been garbage before it is removed; 0 to 365 days, 1 hour
///   by default. It is removed by the second run that finds it so at the earliest, however short
///   this is
/// @param dryRun true to change nothing and say what would be done
/// @param maxBytesPerSecond bound on reading trees and lists; 0 for none, 64 MiB by default
public record GcRequest(Duration grace, boolean dryRun, ByteSize maxBytesPerSecond) {
    /// The default of [#grace].
    public static final Duration DEFAULT_GRACE = Duration.ofHours(1);

    private static final Duration MAX_GRACE = Duration.ofDays(365);
    private static final ByteSize DEFAULT_RATE = ByteSize.ofMebibytes(64);

    /// Checks the bounds.
    ///
    /// @throws QuernException `INVALID` naming the bounds and the value
    public GcRequest {
        if (grace.isNegative() || grace.compareTo(MAX_GRACE) > 0) {
            throw QuernException.invalid("grace must be 0 seconds to 365 days, got " + grace);
        }
    }

    /// The defaults.
    public static GcRequest defaults() {
        return new GcRequest(DEFAULT_GRACE, false, DEFAULT_RATE);
    }

    /// With another grace.
    public GcRequest withGrace(Duration other) {
        return new GcRequest(other, dryRun, maxBytesPerSecond);
    }

    /// Whether to change nothing.
    public GcRequest withDryRun(boolean dry) {
        return new GcRequest(grace, dry, maxBytesPerSecond);
    }
}
