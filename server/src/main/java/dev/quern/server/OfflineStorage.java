package dev.quern.server;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.Setting;
import dev.quern.common.wire.BackupBody;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.storage.Backup;
import dev.quern.storage.BackupInfo;
import dev.quern.storage.BackupPolicy;
import dev.quern.storage.OperatorKey;
import dev.quern.storage.Tier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What an operator does with a store while no server runs. The settings say how to reach buckets.
public final class OfflineStorage {
    /// What a data directory may have before a restore; the store itself is looked at by the
    /// restore.
    private static final Set<String> MAY_BE_THERE =
            Set.of("LOCK", DataDirectory.STORE, "quern.properties");

    private static final int KEY_BYTES = 32;
    private static final Setting<Duration> KEEP_WITHIN =
            Setting.duration("keep-within", "0s", "0s", "36500d", "age of backups that stay");

    private final ServerConfig config;
    private final StorageBackups.Places places;

    /// @param config of the server whose store it is; its data directory is what is restored to
    public OfflineStorage(ServerConfig config) {
        this.config = config;
        this.places =
                new StorageBackups.Places(
                        config.data(),
                        config.storage().access(),
                        InstantSource.system(),
                        new SecureRandom());
    }

    /// Restores a backup to the data directory, which must be absent, empty, or left by a restore
    /// that was broken off: that goes on. Where the settings name a tier, the chunks go there.
    ///
    /// @param from address of the place that has the backup
    /// @param backup its id; empty for the one whose restore was broken off, or else the latest
    /// @throws QuernException `INVALID` if the directory has anything else in it; `CONFLICT` while
    ///   a process uses it; `NOT_FOUND` if there is no such backup; `CORRUPT` naming the blob if
    ///   its bytes do not match
    public BackupBody restore(String from, Optional<String> backup) {
        TierUrl place = TierUrl.parse(from);
        requireUnused(config.data());
        return places.with(
                place,
                backups -> {
                    try (DataDirectory data = DataDirectory.open(config.data())) {
                        String id =
                                backup.or(() -> Backup.unfinished(data.store()))
                                        .orElseGet(() -> StorageBackups.latest(backups, place));
                        return StorageBackups.body(restore(backups, id, data.store()));
                    }
                });
    }

    private BackupInfo restore(Backup backups, String id, Path store) {
        Optional<TierUrl> chunks = config.storage().tier();
        if (chunks.isEmpty()) {
            return backups.restore(id, store);
        }
        try (Tier tier = places.open(chunks.get())) {
            return backups.restore(id, store, tier);
        }
    }

    private static void requireUnused(Path data) {
        if (!Files.exists(data)) {
            return;
        }
        try (Stream<Path> entries = Files.list(data)) {
            List<String> others =
                    entries.map(entry -> entry.getFileName().toString())
                            .filter(name -> !MAY_BE_THERE.contains(name))
                            .sorted()
                            .toList();
            if (!others.isEmpty()) {
                throw QuernException.invalid(
                        "data directory "
                                + data
                                + " must be empty to restore to it, has "
                                + String.join(", ", others.subList(0, Math.min(5, others.size()))));
            }
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "data directory " + data + " cannot be used: " + e.getMessage(),
                    e);
        }
    }

    /// Reads all of a backup and compares it with its checksums.
    ///
    /// @param backup its id; empty for the latest
    /// @throws QuernException `NOT_FOUND` if there is no such backup; `CORRUPT` naming the first
    ///   blob that is missing or does not match
    public BackupBody verify(String from, Optional<String> backup) {
        TierUrl place = TierUrl.parse(from);
        return places.with(
                place,
                backups -> {
                    String id = backup.orElseGet(() -> StorageBackups.latest(backups, place));
                    return StorageBackups.body(backups.verify(id));
                });
    }

    /// Removes old backups from a place, and what no other backup there needs.
    ///
    /// @param keep how many of the latest stay
    /// @param within a time such as `12h` or `30d`: those that are not older stay too
    /// @param dryRun true to change nothing and say what would be removed
    /// @throws QuernException `INVALID` naming what is wrong; `NOT_FOUND` if there is no backup;
    ///   `CONFLICT` while one is made there or another removal goes on; `CORRUPT` if one cannot be
    ///   read, then nothing is removed
    public PruneBackupsResult prune(String from, int keep, Optional<String> within, boolean dryRun) {
        BackupPolicy policy = new BackupPolicy(keep, within.map(OfflineStorage::within));
        return StorageBackups.prune(places, from, policy, dryRun);
    }

    private static Duration within(String text) {
        try {
            return KEEP_WITHIN.parser().apply(text);
        } catch (IllegalArgumentException e) {
            throw QuernException.invalid(
                    "--keep-within must be a time like 12h or 30d, at most 36500d, got \""
                            + Names.abbreviate(text)
                            + "\"");
        }
    }

    /// Writes a fresh operator key, as 64 hex digits, to a file that only its owner may read.
    ///
    /// @return the key's fingerprint
    /// @throws QuernException `CONFLICT` if the file is there; `INVALID` if it cannot be written
    public static String newKey(Path file) {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        String text = HexFormat.of().formatHex(key) + "\n";
        try {
            Files.createFile(
                    file,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
        } catch (FileAlreadyExistsException e) {
            throw new QuernException(
                    ErrorKind.CONFLICT,
                    "key file " + file + " is there already; a key is never overwritten",
                    e);
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.INVALID, "key file " + file + " cannot be written: " + e, e);
        }
        return OperatorKey.of(key).fingerprint();
    }
}
