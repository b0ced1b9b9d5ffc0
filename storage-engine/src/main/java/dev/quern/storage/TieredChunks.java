package dev.quern.storage;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.InstantSource;

/// How a [StorageEngine] keeps its chunks in a tier.
///
/// @param tier where; stays the caller's, who closes it after the engine
/// @param cacheSize bound on the copies of chunks on the local disk; 1 MiB or more
/// @param clock puts the time into the names of packs
public record TieredChunks(Tier tier, ByteSize cacheSize, InstantSource clock) {
    private static final ByteSize MIN_CACHE = ByteSize.ofMebibytes(1);

    /// Checks the bounds.
    ///
    /// @throws QuernException `INVALID` naming the setting, its bound and the value
    public TieredChunks {
        if (cacheSize.compareTo(MIN_CACHE) < 0) {
            throw QuernException.invalid(
                    "tier cache must be " + MIN_CACHE + " or more, got " + cacheSize);
        }
    }
}
