package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.FileEntry;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.Tier.Blob;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Backups of a [StorageEngine] in a [Tier] ([BackupFormat]), made while everything else goes on.
///
/// A backup takes a view of the facts at one index, then copies every pack that was complete after
/// that, so that each chunk which these facts may name is in it, then the facts, and last the
/// manifest. Packs and manifests never change: a later backup copies only packs that the tier
/// lacks, one that was broken off goes on where it stopped, and those before stay as they are.
/// Compaction may go on meanwhile; files that the backup still needs are kept until it is done.
///
/// At most 16 files are on their way at once, none of them held in memory.
public final class Backup {
    private static final Logger LOG = LoggerFactory.getLogger(Backup.class);
    private static final String LAST = "backup-last";
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
    /// @throws QuernException `INVALID` if the engine's chunks are in a tier themselves; what the
    ///   tier throws: then another run goes on with what is there
    public BackupReport run(StorageEngine engine) {
        if (!(engine.chunks() instanceof PackChunkStore chunks)) {
            throw QuernException.invalid(
                    "chunks of "
                            + engine.directory()
                            + " are in a tier, which cannot be backed up");
        }
        Instant begun = clock.instant();
        try (PackHold before = chunks.hold();
                FactView view = engine.facts().view(0, VIEW_TIMEOUT);
                PackHold after = chunks.seal()) {
            Run run = new Run(engine.directory());
            Map<Long, Pack> packs = new TreeMap<>();
            before.packs().forEach(pack -> packs.put(pack.id(), pack));
            after.packs().forEach(pack -> packs.put(pack.id(), pack));
            run.copyPacks(packs.values());
            run.copyFacts(view);
            return run.finish(BackupFormat.newId(begun, random), begun, view.position());
        }
    }

    /// Backups, the oldest first.
    public List<BackupInfo> list() {
        return new BackupRestore(tier)
                .ids().stream().map(id -> new BackupRestore(tier).manifest(id).info()).toList();
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
    /// @throws QuernException `NOT_FOUND` if there is no such backup; `INVALID` if the engine's
    ///   chunks are in a tier
    public ChunkSource source(String id, StorageEngine engine) {
        if (!(engine.chunks() instanceof PackChunkStore chunks)) {
            throw QuernException.invalid(
                    "chunks of " + engine.directory() + " are in a tier, which needs no repair");
        }
        Manifest manifest = new BackupRestore(tier).manifest(id);
        return new BackupSource(tier, manifest, chunks.codec(), engine.directory());
    }

    /// Reads all of a backup and compares it with the manifest.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such backup; `CORRUPT` naming the first
    ///   blob that is missing or does not match
    public BackupInfo verify(String id) {
        return new BackupRestore(tier).verify(id);
    }

    /// One backup on its way. Its packs are copied by several threads.
    private final class Run {
        private final Path directory;
        private final Set<String> present = ConcurrentHashMap.newKeySet();
        private final Map<String, FileEntry> known = new HashMap<>();
        private final Collection<FileEntry> files = new ConcurrentLinkedQueue<>();
        private final AtomicInteger newFiles = new AtomicInteger();
        private final AtomicLong newBytes = new AtomicLong();

        Run(Path directory) {
            this.directory = directory;
            List<Blob> page = tier.list(BackupFormat.FILES, "", Tier.MAX_PAGE);
            while (!page.isEmpty()) {
                page.forEach(blob -> present.add(blob.name()));
                page = tier.list(BackupFormat.FILES, page.getLast().name(), Tier.MAX_PAGE);
            }
            last().ifPresent(last -> last.files().forEach(file -> known.put(file.path(), file)));
        }

        /// The manifest of the last backup of this directory: not of another that was restored from
        /// the same backups, where files of the same names may have other bytes.
        private Optional<Manifest> last() {
            Path file = directory.resolve(LAST);
            try {
                return Optional.of(BackupFormat.decode(Files.readAllBytes(file), LAST));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            } catch (IOException | QuernException e) {
                LOG.warn("cannot read {}, all packs are hashed again: {}", file, e.toString());
                return Optional.empty();
            }
        }

        void copyPacks(Collection<Pack> packs) {
            Workers.run(packs, this::copyPack);
        }

        private void copyPack(Pack pack) {
            copy(pack.file(), BackupFormat.PACKS + pack.file().getFileName());
            if (pack.kind() == Pack.Kind.RUN) {
                copy(pack.tableFile(), BackupFormat.PACKS + pack.tableFile().getFileName());
            }
        }

        /// A file of this name and size that was backed up before is the same: packs do not change,
        /// and no id is given twice.
        private void copy(Path file, String path) {
            try {
                long size = Files.size(file);
                FileEntry before = known.get(path);
                FileEntry entry =
                        before != null && before.sizeBytes() == size
                                ? before
                                : new FileEntry(FileHash.of(file), size, path);
                put(file, entry);
            } catch (IOException e) {
                throw StorageErrors.of("cannot back up " + file, e);
            }
        }

        private void put(Path file, FileEntry entry) {
            if (present.add(entry.blob()) && tier.putIfAbsent(entry.blob(), file)) {
                newFiles.incrementAndGet();
                newBytes.addAndGet(entry.sizeBytes());
            }
            files.add(entry);
        }

        void copyFacts(FactView view) {
            Path file = directory.resolve("backup-" + BackupFormat.FACTS);
            try {
                try (OutputStream out = Files.newOutputStream(file)) {
                    FactSnapshot.exportTo(view, out);
                }
                put(file, new FileEntry(FileHash.of(file), Files.size(file), BackupFormat.FACTS));
            } catch (IOException e) {
                throw StorageErrors.of("cannot back up facts by " + file, e);
            } finally {
                delete(file);
            }
        }

        BackupReport finish(String id, Instant begun, LogPosition position) {
            List<FileEntry> sorted = new ArrayList<>(files);
            sorted.sort(Comparator.comparing(FileEntry::path));
            long bytes = sorted.stream().mapToLong(FileEntry::sizeBytes).sum();
            BackupInfo info = new BackupInfo(id, begun, position, sorted.size(), bytes);
            byte[] manifest = BackupFormat.encode(new Manifest(info, sorted));
            if (!tier.putIfAbsent(BackupFormat.MANIFESTS + id, MemorySegment.ofArray(manifest))) {
                throw QuernException.conflict("backup " + id + " is in " + tier + " already");
            }
            remember(manifest);
            return new BackupReport(info, newFiles.get(), newBytes.get());
        }

        /// Saves hashing next time, so it need not succeed.
        private void remember(byte[] manifest) {
            Path part = directory.resolve(LAST + ".part");
            try {
                Files.write(part, manifest);
                Files.move(part, directory.resolve(LAST), StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                LOG.warn("cannot write {}: {}", part, e.toString());
            }
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "cannot delete " + file, e);
        }
    }
}
