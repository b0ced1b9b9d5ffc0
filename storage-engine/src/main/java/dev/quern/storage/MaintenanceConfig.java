package dev.quern.storage;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;

/// What the engine does by itself to keep packs small and clean.
///
/// @param gcInterval time between garbage collections; 1 minute to 365 days, 6 hours by default
/// @param gcGrace grace of these, as in [GcRequest]
/// @param compactInterval time between looks at which packs to compact; 1 second to 365 days, 5
///   minutes by default
/// @param maxBytesPerSecond bound on what each of them reads; 0 for none, 32 MiB by default
public record MaintenanceConfig(
        Duration gcInterval,
        Duration gcGrace,
        Duration compactInterval,
        ByteSize maxBytesPerSecond) {
    private static final Duration MAX = Duration.ofDays(365);

    /// Checks the bounds.
    ///
    /// @throws QuernException `INVALID` naming the setting, its bounds and the value
    public MaintenanceConfig {
        requireBetween("gc interval", gcInterval, Duration.ofMinutes(1));
        requireBetween("gc grace", gcGrace, Duration.ZERO);
        requireBetween("compact interval", compactInterval, Duration.ofSeconds(1));
    }

    /// The defaults.
    public static MaintenanceConfig defaults() {
        return new MaintenanceConfig(
                Duration.ofHours(6),
                GcRequest.DEFAULT_GRACE,
                Duration.ofMinutes(5),
                ByteSize.ofMebibytes(32));
    }

    private static void requireBetween(String what, Duration value, Duration min) {
        if (value.compareTo(min) < 0 || value.compareTo(MAX) > 0) {
            throw QuernException.invalid(
                    "maintenance " + what + " must be " + min + " to " + MAX + ", got " + value);
        }
    }
}
