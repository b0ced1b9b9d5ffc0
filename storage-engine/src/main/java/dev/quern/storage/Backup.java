package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.TierPacks.PacksHold;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Backups of a [StorageEngine] in a [Tier] ([BackupFormat]), made while everything else goes on.
///
/// A backup takes a view of the facts at one index, then copies every pack that was complete after
/// that, so that each chunk which these facts may name is in it, then the facts, and last the
/// manifest. Packs and manifests never change: a later backup copies only packs that the tier
/// lacks, one that was broken off goes on where it stopped, and those before stay as they are.
/// Compaction may go on meanwhile; files that the backup still needs are kept until it is done. The
/// chunks of an engine that has them in a tier are copied out of it in the same way, so that the
/// backup needs that tier no more, and can be restored with or without one.
///
/// At most 16 files are on their way at once, none of them held in memory.
public final class Backup {
    private static final Duration VIEW_TIMEOUT = Duration.ofSeconds(30);

    private final Tier tier;
    private final InstantSource clock;
    private final RandomGenerator random;

    /// Makes, lists, restores and verifies backups in a tier, which stays the caller's.
    ///
    /// @param random names backups: a secure one where several servers use the tier
    public Backup(Tier tier, InstantSource clock, RandomGenerator random) {
        this.tier = tier;
        this.clock = clock;
        this.random = random;
    }

    /// Makes a backup.
    ///
    /// @throws QuernException `CONFLICT` while another backup of the engine is under way, while old
    ///   backups are removed there, or if this one is cancelled; what the tier throws: then another
    ///   run goes on with what is there
    public BackupReport run(StorageEngine engine) {
        return engine.operations().run(OperationKind.BACKUP, operation -> run(engine, operation));
    }

    private BackupReport run(StorageEngine engine, Operation operation) {
        Instant begun = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        String id = BackupFormat.newId(begun, random);
        try (BackupLease lease = BackupLease.forBackup(tier, clock, random)) {
            BackupRun run = new BackupRun(tier, engine.directory(), operation);
            LogPosition position =
                    engine.chunks() instanceof TierChunkStore tiered
                            ? copy(run, engine, tiered)
                            : copy(run, engine, (PackChunkStore) engine.chunks());
            return run.finish(new BackupInfo(id, begun, position, 0, 0), lease);
        }
    }

    private static LogPosition copy(BackupRun run, StorageEngine engine, PackChunkStore chunks) {
        try (PackHold before = chunks.hold();
                FactView view = engine.facts().view(0, VIEW_TIMEOUT);
                PackHold after = chunks.seal()) {
            Map<Long, Pack> packs = new TreeMap<>();
            before.packs().forEach(pack -> packs.put(pack.id(), pack));
            after.packs().forEach(pack -> packs.put(pack.id(), pack));
            run.copyPacks(packs.values());
            run.copyFacts(view);
            return view.position();
        }
    }

    private static LogPosition copy(BackupRun run, StorageEngine engine, TierChunkStore chunks) {
        try (PacksHold before = chunks.hold();
                FactView view = engine.facts().view(0, VIEW_TIMEOUT);
                PacksHold after = chunks.hold()) {
            Map<Long, Long> packs = new TreeMap<>(before.sizes());
            packs.putAll(after.sizes());
            run.copyPacks(chunks.parts().tier(), packs);
            run.copyFacts(view);
            return view.position();
        }
    }

    /// Backups, the oldest first.
    public List<BackupInfo> list() {
        return new BackupRestore(tier)
                .ids().stream()
                        .map(id -> new BackupRestore(tier).manifest(id).info())
                        .sorted(BackupInfo.OLDEST_FIRST)
                        .toList();
    }

    /// Removes old backups, and the files that none of the others needs.
    ///
    /// @param dryRun true to change nothing and say what would be removed
    /// @throws QuernException `CONFLICT` while a backup is made there, or another removal goes on;
    ///   `CORRUPT` or `INVALID` if a manifest cannot be read: then nothing is removed
    public PruneReport prune(BackupPolicy policy, boolean dryRun) {
        try (BackupLease lease = BackupLease.forRemoval(tier, clock, random)) {
            return new BackupPruning(tier).run(policy, clock.instant(), lease, dryRun);
        }
    }

    /// Restores a backup to a directory that is absent, empty, or left by a restore of this backup
    /// that was broken off; that goes on. What was restored is verified by SHA-256, and the facts
    /// by their hash. An engine refuses the directory until this has returned.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such backup; `INVALID` if the directory
    ///   has anything else in it; `CORRUPT` naming the blob if its bytes do not match
    public BackupInfo restore(String id, Path directory) {
        return new BackupRestore(tier).restore(id, directory);
    }

    /// Restores a backup to a directory for facts and a tier for chunks, as if an engine had been
    /// opened with that tier: in it are put those packs that it lacks.
    ///
    /// @param chunks the tier, which may have what is there of the engine that was backed up; no
    ///   server may be using it
    /// @throws QuernException as [#restore(String, Path)]; `INVALID` if the backup has packs that a
    ///   tier cannot hold; `CORRUPT` if the tier has other bytes under the name of one
    public BackupInfo restore(String id, Path directory, Tier chunks) {
        return new BackupRestore(tier).restore(id, directory, new RestoredTier(chunks, random));
    }

    /// The backup that a restore to this directory was broken off of, if one was.
    public static Optional<String> unfinished(Path directory) {
        Path marker = directory.resolve(BackupRestore.MARKER);
        try {
            return Files.exists(marker)
                    ? Optional.of(Files.readString(marker).strip())
                    : Optional.empty();
        } catch (IOException e) {
            throw StorageErrors.of("cannot read " + marker, e);
        }
    }

    /// The chunks of a backup of this engine, for [Maintenance#repair].
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such backup
    public ChunkSource source(String id, StorageEngine engine) {
        BodyCodec codec =
                engine.chunks() instanceof TierChunkStore tiered
                        ? tiered.parts().codec()
                        : ((PackChunkStore) engine.chunks()).codec();
        Manifest manifest = new BackupRestore(tier).manifest(id);
        return new BackupSource(tier, manifest, codec, engine.directory());
    }

    /// Reads all of a backup and compares it with the manifest.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such backup; `CORRUPT` naming the first
    ///   blob that is missing or does not match
    public BackupInfo verify(String id) {
        return new BackupRestore(tier).verify(id);
    }
}
