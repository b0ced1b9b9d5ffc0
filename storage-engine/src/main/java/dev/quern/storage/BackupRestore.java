package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.FileEntry;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.Tier.Blob;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reads backups. While a restore is under way its directory has the file `RESTORING`, which names
/// the backup and which an engine does not open: a file that is in its place there is whole and
/// durable only once it has been compared with the manifest again.
final class BackupRestore {
    /// Beside the files of a restore that is not finished.
    static final String MARKER = "RESTORING";

    private static final int PIECE_BYTES = 8 << 20;
    private static final String PART = ".part";

    private final Disk disk = new LocalDisk();
    private final Tier tier;

    BackupRestore(Tier tier) {
        this.tier = tier;
    }

    /// The ids of all backups, in order.
    List<String> ids() {
        List<String> ids = new ArrayList<>();
        List<Blob> page = tier.list(BackupFormat.MANIFESTS, "", Tier.MAX_PAGE);
        while (!page.isEmpty()) {
            for (Blob blob : page) {
                String id = blob.name().substring(BackupFormat.MANIFESTS.length());
                if (BackupFormat.isId(id)) {
                    ids.add(id);
                }
            }
            page = tier.list(BackupFormat.MANIFESTS, page.getLast().name(), Tier.MAX_PAGE);
        }
        return ids;
    }

    Manifest manifest(String id) {
        if (!BackupFormat.isId(id)) {
            throw QuernException.invalid(
                    "backup id must look like 20260304T050607Z-0a1b2c3d, got \""
                            + Names.abbreviate(id)
                            + "\"");
        }
        String name = BackupFormat.MANIFESTS + id;
        long size =
                tier.size(name)
                        .orElseThrow(() ->
                                QuernException.notFound("backup " + id + " is not in " + tier));
        byte[] bytes = new byte[Math.toIntExact(size)];
        tier.read(name, 0, MemorySegment.ofArray(bytes));
        Manifest manifest = BackupFormat.decode(bytes, name);
        if (!manifest.info().id().equals(id)) {
            throw QuernException.corrupt("blob " + name + " is of backup " + manifest.info().id());
        }
        return manifest;
    }

    BackupInfo verify(String id) {
        Manifest manifest = manifest(id);
        Workers.run(manifest.files(), file -> read(file, (_, _) -> {}));
        return manifest.info();
    }

    /// Takes a piece of a file.
    private interface Target {
        void write(ByteBuffer piece, long offset) throws IOException;
    }

    /// Reads a file and checks its hash at the end.
    private void read(FileEntry file, Target target) {
        String got = hash(tier, file.blob(), file, target);
        if (!got.equals(file.sha256())) {
            throw mismatch(file, "has the hash " + got);
        }
    }

    /// Whether a blob of another tier has the bytes of a file.
    boolean isSame(Tier other, String blob, FileEntry file) {
        return hash(other, blob, file, (_, _) -> {}).equals(file.sha256());
    }

    private String hash(Tier from, String blob, FileEntry file, Target target) {
        MessageDigest digest = Checksums.sha256();
        byte[] buffer = new byte[(int) Math.min(PIECE_BYTES, Math.max(1, file.sizeBytes()))];
        try {
            for (long at = 0; at < file.sizeBytes(); at += buffer.length) {
                int wanted = (int) Math.min(buffer.length, file.sizeBytes() - at);
                MemorySegment piece = MemorySegment.ofArray(buffer).asSlice(0, wanted);
                int read = (int) from.read(blob, at, piece);
                digest.update(buffer, 0, read);
                target.write(ByteBuffer.wrap(buffer, 0, read), at);
                if (read < wanted) {
                    break;
                }
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot write " + file.path(), e);
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.NOT_FOUND ? mismatch(file, "is missing") : e;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private QuernException mismatch(FileEntry file, String what) {
        return QuernException.corrupt(
                "blob " + file.blob() + " in " + tier + ", for " + file.path() + ", " + what);
    }

    BackupInfo restore(String id, Path directory) {
        Manifest manifest = manifest(id);
        try {
            begin(id, directory);
            requireNot(directory.resolve("chunks-tier"), "to a tier");
            Path packs = directory.resolve(BackupFormat.PACKS);
            disk.createDirectories(packs);
            Workers.run(manifest.files(), file -> fetch(file, directory));
            disk.syncDirectory(packs);
            finish(manifest.info(), directory);
        } catch (IOException e) {
            throw StorageErrors.of("cannot restore to " + directory, e);
        }
        return manifest.info();
    }

    /// Restores the facts to a directory and the packs to a tier.
    BackupInfo restore(String id, Path directory, RestoredTier chunks) {
        Manifest manifest = manifest(id);
        chunks.requireFit(manifest);
        try {
            begin(id, directory);
            requireNot(directory.resolve("chunks"), "without a tier");
            chunks.begin(directory);
            Workers.run(
                    manifest.files(),
                    file -> {
                        if (file.path().equals(BackupFormat.FACTS)) {
                            fetch(file, directory);
                        } else {
                            chunks.put(this, file);
                        }
                    });
            chunks.finish(manifest);
            finish(manifest.info(), directory);
        } catch (IOException e) {
            throw StorageErrors.of("cannot restore to " + directory, e);
        }
        return manifest.info();
    }

    /// What was broken off goes on as it began.
    private static void requireNot(Path other, String how) {
        if (Files.exists(other)) {
            throw QuernException.invalid(
                    "directory " + other.getParent() + " has an unfinished restore " + how);
        }
    }

    private void finish(BackupInfo info, Path directory) throws IOException {
        disk.syncDirectory(directory);
        importFacts(info, directory);
        disk.delete(directory.resolve(BackupFormat.FACTS));
        disk.delete(directory.resolve(MARKER));
        disk.syncDirectory(directory);
    }

    private void begin(String id, Path directory) throws IOException {
        disk.createDirectories(directory);
        Path marker = directory.resolve(MARKER);
        if (Files.exists(marker)) {
            String other = Files.readString(marker, StandardCharsets.US_ASCII).strip();
            if (!other.equals(id)) {
                throw QuernException.invalid(
                        "directory " + directory + " has an unfinished restore of " + other);
            }
        } else {
            try (Stream<Path> entries = Files.list(directory)) {
                Set<Path> there = entries.limit(3).collect(Collectors.toSet());
                if (!there.isEmpty()) {
                    throw QuernException.invalid(
                            "directory " + directory + " must be empty to restore to it");
                }
            }
            write(marker, id + "\n");
        }
    }

    private void write(Path file, String text) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + PART);
        disk.delete(part);
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try (DiskFile out = disk.create(part, bytes.length)) {
            out.write(ByteBuffer.wrap(bytes), 0);
            out.force();
        }
        publish(part, file);
    }

    private static void publish(Path part, Path file) throws IOException {
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private void fetch(FileEntry file, Path directory) {
        Path target = directory.resolve(file.path());
        try {
            if (Files.exists(target) && FileHash.of(target).equals(file.sha256())) {
                disk.force(target, file.sizeBytes(), file.sizeBytes());
                return;
            }
            Path part = target.resolveSibling(target.getFileName() + PART);
            copy(file, part);
            publish(part, target);
        } catch (IOException e) {
            throw StorageErrors.of("cannot restore " + target, e);
        }
    }

    /// Copies a file of a backup, verified and durable, in place of what is there.
    void copy(FileEntry file, Path to) throws IOException {
        disk.delete(to);
        try (DiskFile out = disk.create(to, file.sizeBytes())) {
            read(file, out::write);
            out.force();
        }
    }

    private void importFacts(BackupInfo info, Path directory) throws IOException {
        Path snapshot = directory.resolve(BackupFormat.FACTS);
        Path facts = directory.resolve("facts");
        disk.createDirectories(facts);
        for (Path left : disk.list(facts, "")) { // by a restore that was broken off
            disk.delete(left);
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(snapshot))) {
            LogPosition restored = FactSnapshot.importInto(disk, facts, in);
            if (!restored.equals(info.position())) {
                throw QuernException.corrupt(
                        "facts of backup "
                                + info.id()
                                + " must be "
                                + info.position()
                                + ", got "
                                + restored);
            }
        }
    }
}
