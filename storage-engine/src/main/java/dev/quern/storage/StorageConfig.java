package dev.quern.storage;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.nio.file.Path;
import java.util.Optional;

/// Settings of the storage engine.
///
/// @param directory where everything is kept; made when absent
/// @param packSize size at which a pack file is sealed and the next one begun; 4 KiB to 16 GiB, 64
///   MiB by default
/// @param maxQueuedBytes bound on the encoded transactions that wait to be applied; 64 KiB to 1
///   GiB, 16 MiB by default
/// @param cacheSize block cache that both RocksDB databases share; 1 MiB or more, 32 MiB by default
/// @param minFree free disk below which puts and commits are `EXHAUSTED`, so that the databases
///   never run into the end of the disk themselves; 0 to 1 TiB, 64 MiB by default (commits, which
///   may free space, go on to half of it)
/// @param compression whether new chunks that compress are stored so; true by default
/// @param operatorKey wraps the data keys that new chunks are encrypted with; without it, the
///   default, they are not
/// @param previousOperatorKey wrapped them before: at open they are wrapped by the other one
/// @param logRetention size of the log of facts that is kept for watches and comparisons although
///   the state no longer needs it; 1 MiB to 1 TiB, 256 MiB by default. The log is written in
///   segments of an eighth of this, 32 MiB at most, and at least one is kept
public record StorageConfig(
        Path directory,
        ByteSize packSize,
        ByteSize maxQueuedBytes,
        ByteSize cacheSize,
        ByteSize minFree,
        boolean compression,
        Optional<OperatorKey> operatorKey,
        Optional<OperatorKey> previousOperatorKey,
        ByteSize logRetention) {
    private static final ByteSize MIN_PACK = ByteSize.ofKibibytes(4);
    private static final ByteSize MAX_PACK = ByteSize.ofMebibytes(16 << 10);
    private static final ByteSize MIN_QUEUED = new ByteSize(MetaLog.MAX_TXN_BYTES);
    private static final ByteSize MAX_QUEUED = ByteSize.ofMebibytes(1 << 10);
    private static final ByteSize MIN_CACHE = ByteSize.ofMebibytes(1);
    private static final ByteSize MAX_CACHE = ByteSize.ofMebibytes(1 << 20);
    private static final ByteSize MIN_RETENTION = ByteSize.ofMebibytes(1);
    private static final ByteSize MAX_RETENTION = ByteSize.ofMebibytes(1 << 20);
    private static final ByteSize DEFAULT_RETENTION = ByteSize.ofMebibytes(256);
    private static final ByteSize MAX_FREE = ByteSize.ofMebibytes(1 << 20);

    /// Checks the bounds.
    ///
    /// @throws QuernException `INVALID` naming the setting, its bounds and the value
    public StorageConfig {
        requireBetween("pack size", packSize, MIN_PACK, MAX_PACK);
        requireBetween("max queued bytes", maxQueuedBytes, MIN_QUEUED, MAX_QUEUED);
        requireBetween("cache size", cacheSize, MIN_CACHE, MAX_CACHE);
        requireBetween("min free", minFree, new ByteSize(0), MAX_FREE);
        requireBetween("log retention", logRetention, MIN_RETENTION, MAX_RETENTION);
        if (previousOperatorKey.isPresent() && operatorKey.isEmpty()) {
            throw QuernException.invalid(
                    "storage has a previous operator key and must have a new one, got none");
        }
    }

    /// These settings, with the defaults of the rest.
    public StorageConfig(
            Path directory,
            ByteSize packSize,
            ByteSize maxQueuedBytes,
            ByteSize cacheSize,
            ByteSize minFree) {
        this(
                directory,
                packSize,
                maxQueuedBytes,
                cacheSize,
                minFree,
                true,
                Optional.empty(),
                Optional.empty(),
                DEFAULT_RETENTION);
    }

    /// The defaults.
    public static StorageConfig in(Path directory) {
        return new StorageConfig(
                directory,
                ByteSize.ofMebibytes(64),
                ByteSize.ofMebibytes(16),
                ByteSize.ofMebibytes(32),
                ByteSize.ofMebibytes(64));
    }

    /// These settings, with new chunks compressed or not.
    public StorageConfig withCompression(boolean compress) {
        return new StorageConfig(
                directory,
                packSize,
                maxQueuedBytes,
                cacheSize,
                minFree,
                compress,
                operatorKey,
                previousOperatorKey,
                logRetention);
    }

    /// These settings, with another retention of the log.
    public StorageConfig withLogRetention(ByteSize retention) {
        return new StorageConfig(
                directory,
                packSize,
                maxQueuedBytes,
                cacheSize,
                minFree,
                compression,
                operatorKey,
                previousOperatorKey,
                retention);
    }

    /// These settings, with new chunks encrypted.
    ///
    /// @param previous what the data keys may still be wrapped by
    public StorageConfig withOperatorKey(OperatorKey key, Optional<OperatorKey> previous) {
        return new StorageConfig(
                directory,
                packSize,
                maxQueuedBytes,
                cacheSize,
                minFree,
                compression,
                Optional.of(key),
                previous,
                logRetention);
    }

    private static void requireBetween(String what, ByteSize value, ByteSize min, ByteSize max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw QuernException.invalid(
                    "storage " + what + " must be " + min + " to " + max + ", got " + value);
        }
    }
}
