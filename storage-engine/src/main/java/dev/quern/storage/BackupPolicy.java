package dev.quern.storage;

import dev.quern.common.QuernException;
import java.time.Duration;
import java.util.Optional;

/// Which backups stay: the latest ones, and beside them those that are not older than so long.
///
/// @param keep how many of the latest; 1 or more
/// @param keepWithin up to 36,500 days; empty for none beside the latest
public record BackupPolicy(int keep, Optional<Duration> keepWithin) {
    private static final Duration MAX = Duration.ofDays(36_500);

    /// Checks the bounds.
    ///
    /// @throws QuernException `INVALID` naming the bound and the value
    public BackupPolicy {
        if (keep < 1) {
            throw QuernException.invalid("backups to keep must be 1 or more, got " + keep);
        }
        Duration within = keepWithin.orElse(Duration.ZERO);
        if (within.isNegative() || within.compareTo(MAX) > 0) {
            throw QuernException.invalid(
                    "time within which backups are kept must be 0 seconds to 36500 days, got "
                            + within);
        }
    }
}
