package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.FileEntry;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.OperationStatus.Unit;
import dev.quern.storage.Tier.Blob;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One backup on its way. Its packs are copied by several threads.
final class BackupRun {
    private static final Logger LOG = LoggerFactory.getLogger(BackupRun.class);
    private static final String LAST = "backup-last";
    private static final int PIECE_BYTES = 4 << 20;

    private final Tier tier;
    private final Path directory;
    private final Operation operation;
    private final Set<String> present = ConcurrentHashMap.newKeySet();
    private final Map<String, FileEntry> known = new HashMap<>();
    private final Collection<FileEntry> files = new ConcurrentLinkedQueue<>();
    private final AtomicInteger newFiles = new AtomicInteger();
    private final AtomicLong newBytes = new AtomicLong();

    /// @param tier takes the backup
    /// @param directory of the engine
    /// @param operation stops it between two files, or pieces of one that comes from a tier
    BackupRun(Tier tier, Path directory, Operation operation) {
        this.tier = tier;
        this.directory = directory;
        this.operation = operation;
        present.addAll(list());
        last().ifPresent(last -> last.files().forEach(file -> known.put(file.path(), file)));
    }

    /// The manifest of the last backup of this directory: not of another that was restored from the
    /// same backups, where files of the same names may have other bytes.
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
        List<Path> wanted = new ArrayList<>();
        for (Pack pack : packs) {
            wanted.add(pack.file());
            if (pack.kind() == Pack.Kind.RUN) {
                wanted.add(pack.tableFile());
            }
        }
        operation.phase(
                "copy packs", Unit.BYTES, wanted.stream().mapToLong(BackupRun::sizeBytes).sum());
        Workers.run(wanted, file -> copy(file, BackupFormat.PACKS + file.getFileName()));
    }

    private static long sizeBytes(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw StorageErrors.of("cannot back up " + file, e);
        }
    }

    /// A file of this name and size that was backed up before is the same: packs do not change, and
    /// no id is given twice.
    private void copy(Path file, String path) {
        try {
            long size = sizeBytes(file);
            FileEntry before = known.get(path);
            FileEntry entry =
                    before != null && before.sizeBytes() == size
                            ? before
                            : new FileEntry(FileHash.of(file), size, path);
            put(file, entry);
            operation.advance(size);
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

    /// Copies packs out of the tier that an engine has its chunks in.
    ///
    /// @param sizes of the packs, by id
    void copyPacks(Tier chunks, Map<Long, Long> sizes) {
        operation.phase(
                "copy packs", Unit.BYTES, sizes.values().stream().mapToLong(Long::longValue).sum());
        Workers.run(
                sizes.keySet(),
                id -> {
                    long size = sizes.getOrDefault(id, 0L);
                    copyPack(chunks, id, size);
                    operation.advance(size);
                });
    }

    /// A pack that was backed up before is the same; it need not be read.
    private void copyPack(Tier chunks, long id, long sizeBytes) {
        String name = TierStoreFormat.pack(id); // which is its path in a backup too
        FileEntry before = known.get(name);
        if (before != null && before.sizeBytes() == sizeBytes && present.contains(before.blob())) {
            files.add(before);
            return;
        }
        Path copy = directory.resolve(String.format(Locale.ROOT, "backup-%016x.part", id));
        try {
            delete(copy);
            put(copy, new FileEntry(download(chunks, name, sizeBytes, copy), sizeBytes, name));
        } catch (IOException e) {
            throw StorageErrors.of("cannot back up " + name + " by " + copy, e);
        } finally {
            delete(copy);
        }
    }

    /// Returns the hash of what came.
    private String download(Tier from, String name, long sizeBytes, Path to) throws IOException {
        MessageDigest digest = Checksums.sha256();
        byte[] buffer = new byte[(int) Math.min(PIECE_BYTES, sizeBytes)];
        try (OutputStream out = Files.newOutputStream(to)) {
            for (long at = 0; at < sizeBytes; at += buffer.length) {
                operation.check();
                int wanted = (int) Math.min(buffer.length, sizeBytes - at);
                long read = from.read(name, at, MemorySegment.ofArray(buffer).asSlice(0, wanted));
                if (read != wanted) {
                    throw QuernException.corrupt(
                            "blob "
                                    + name
                                    + " in "
                                    + from
                                    + " must have "
                                    + sizeBytes
                                    + " bytes, got "
                                    + (at + read));
                }
                digest.update(buffer, 0, wanted);
                out.write(buffer, 0, wanted);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    void copyFacts(FactView view) {
        Path file = directory.resolve("backup-" + BackupFormat.FACTS);
        operation.phase("copy facts", Unit.BYTES, Operation.UNKNOWN);
        try {
            try (OutputStream out = Files.newOutputStream(file)) {
                FactSnapshot.exportTo(view, new CountedOutput(out, operation));
            }
            put(file, new FileEntry(FileHash.of(file), Files.size(file), BackupFormat.FACTS));
        } catch (IOException e) {
            throw StorageErrors.of("cannot back up facts by " + file, e);
        } finally {
            delete(file);
        }
    }

    /// Puts the manifest.
    ///
    /// @param begun what is known of the backup
    /// @param lease held since before it was looked what is there
    BackupReport finish(BackupInfo begun, BackupLease lease) {
        operation.check(); // for the last time: with the manifest it is made
        List<FileEntry> sorted = new ArrayList<>(files);
        sorted.sort(Comparator.comparing(FileEntry::path));
        long bytes = sorted.stream().mapToLong(FileEntry::sizeBytes).sum();
        BackupInfo info =
                new BackupInfo(begun.id(), begun.created(), begun.position(), sorted.size(), bytes);
        byte[] manifest = BackupFormat.encode(new Manifest(info, sorted));
        String blob = BackupFormat.MANIFESTS + info.id();
        if (!tier.putIfAbsent(blob, MemorySegment.ofArray(manifest))) {
            throw QuernException.conflict("backup " + info.id() + " is in " + tier + " already");
        }
        if (!lease.isNoRemovalUnderWay() || !isComplete(sorted)) {
            tier.delete(blob);
            throw QuernException.conflict(
                    "backup "
                            + info.id()
                            + " to "
                            + tier
                            + " lost files to a removal of old backups meanwhile; run it again");
        }
        remember(manifest);
        return new BackupReport(info, newFiles.get(), newBytes.get());
    }

    private boolean isComplete(List<FileEntry> all) {
        Set<String> there = list();
        return all.stream().allMatch(file -> there.contains(file.blob()));
    }

    private Set<String> list() {
        Set<String> there = new HashSet<>();
        List<Blob> page = tier.list(BackupFormat.FILES, "", Tier.MAX_PAGE);
        while (!page.isEmpty()) {
            page.forEach(blob -> there.add(blob.name()));
            page = tier.list(BackupFormat.FILES, page.getLast().name(), Tier.MAX_PAGE);
        }
        return there;
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

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "cannot delete " + file, e);
        }
    }
}
