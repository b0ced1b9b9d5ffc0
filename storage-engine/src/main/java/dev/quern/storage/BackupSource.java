package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.BackupFormat.FileEntry;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Chunks out of the packs of a backup. Once it has been told which are wanted it reads the tables
/// of all packs and remembers where these are, and no others. Thread-safe.
final class BackupSource implements ChunkSource {
    private static final Logger LOG = LoggerFactory.getLogger(BackupSource.class);
    private static final int BATCH_CHUNKS = 4096;

    private final Tier tier;
    private final Map<String, FileEntry> files = new HashMap<>();
    private final BodyCodec codec;

    /// For the packs that have no table.
    private final Path scratch;

    private final ConcurrentMap<Name, Place> places = new ConcurrentHashMap<>();

    private record Name(SpaceId space, ChunkId id) {}

    /// Where a chunk is.
    private record Place(FileEntry pack, PackRecord record) {}

    /// @param codec reads what the packs have, which may be encrypted; stays the caller's
    /// @param scratch directory for a copy of a pack, one at a time
    BackupSource(Tier tier, Manifest manifest, BodyCodec codec, Path scratch) {
        this.tier = tier;
        this.codec = codec;
        this.scratch = scratch;
        manifest.files().forEach(file -> files.put(file.path(), file));
    }

    @Override
    public void expect(Map<SpaceId, Set<ChunkId>> wanted) {
        places.clear();
        List<FileEntry> tables =
                files.values().stream().filter(file -> !isPack(file, Pack.Kind.RUN)).toList();
        Workers.run(tables, file -> look(file, wanted));
    }

    private static boolean isPack(FileEntry file, Pack.Kind kind) {
        return file.path().endsWith(kind.suffix());
    }

    private void look(FileEntry file, Map<SpaceId, Set<ChunkId>> wanted) {
        if (isPack(file, Pack.Kind.RECORDS)) {
            lookInRecords(file, wanted);
        } else if (file.path().endsWith(RunFormat.TABLE_SUFFIX)) {
            lookInRun(file, wanted);
        }
    }

    private void take(FileEntry pack, PackRecord record, Map<SpaceId, Set<ChunkId>> wanted) {
        if (wanted.getOrDefault(record.space(), Set.of()).contains(record.id())) {
            places.put(new Name(record.space(), record.id()), new Place(pack, record));
        }
    }

    private void lookInRun(FileEntry file, Map<SpaceId, Set<ChunkId>> wanted) {
        String stem = file.path().substring(0, file.path().indexOf(RunFormat.TABLE_SUFFIX));
        FileEntry run = files.get(stem + Pack.Kind.RUN.suffix());
        MemorySegment bytes = read(file, 0, (int) file.sizeBytes());
        RunFormat.Table table = RunFormat.table(bytes, id(file), file.path());
        if (run == null || table == null) {
            LOG.warn("{} of the backup in {} is no table of a run, left out", file, tier);
            return;
        }
        for (int i = 0; i < table.chunks(); i++) {
            take(run, table.record(i), wanted);
        }
    }

    private void lookInRecords(FileEntry file, Map<SpaceId, Set<ChunkId>> wanted) {
        if (file.sizeBytes() < PackFormat.HEADER_BYTES + PackFormat.TRAILER_BYTES) {
            return;
        }
        MemorySegment start = read(file, 0, PackFormat.HEADER_BYTES);
        Header header = PackFormat.header(start, id(file), file.path());
        if (header == null) {
            LOG.warn("{} of the backup in {} is no pack, left out", file, tier);
            return;
        }
        long end = file.sizeBytes() - PackFormat.TRAILER_BYTES;
        MemorySegment trailer = read(file, end, PackFormat.TRAILER_BYTES);
        Footer footer = PackFormat.trailer(trailer, file.sizeBytes(), header);
        if (footer == null) {
            walk(file, header, wanted);
            return;
        }
        int recordBytes = header.recordBytes();
        for (int from = 0; from < footer.records(); from += BATCH_CHUNKS) {
            int count = Math.min(BATCH_CHUNKS, footer.records() - from);
            long at = footer.footerOffset() + (long) from * recordBytes;
            MemorySegment piece = read(file, at, count * recordBytes);
            for (int i = 0; i < count; i++) {
                PackRecord record = PackFormat.record(piece, (long) i * recordBytes, header);
                if (record != null) {
                    take(file, record, wanted);
                }
            }
        }
    }

    /// A pack that a crash kept from being sealed.
    private synchronized void walk(
            FileEntry file, Header header, Map<SpaceId, Set<ChunkId>> wanted) {
        Disk disk = new LocalDisk();
        Path copy = scratch.resolve("repair-pack.part");
        try {
            try (Arena arena = Arena.ofConfined()) {
                new BackupRestore(tier).copy(file, copy);
                MemorySegment pack = disk.map(copy, arena);
                new PackScanner(file.path(), pack, header)
                        .scan(PackFormat.HEADER_BYTES, record -> take(file, record, wanted));
            } finally {
                disk.delete(copy);
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot copy " + file.path() + " to " + copy, e);
        }
    }

    /// The id of a pack is its name.
    private static long id(FileEntry file) {
        int from = BackupFormat.PACKS.length();
        return Long.parseUnsignedLong(file.path(), from, from + 16, 16);
    }

    @Override
    public Optional<byte[]> fetch(SpaceId space, ChunkId id) {
        Place place = places.get(new Name(space, id));
        if (place == null) {
            return Optional.empty();
        }
        PackRecord record = place.record;
        MemorySegment body = read(place.pack, record.bodyOffset(), record.storedBytes());
        if (Checksums.crc32c(body) != record.form().crc()) {
            throw QuernException.corrupt(
                    place.pack.path()
                            + " in "
                            + tier
                            + " at offset "
                            + record.offset()
                            + " does not match its checksum");
        }
        Path name = Path.of(place.pack.path());
        return Optional.of(codec.decode(record, body, name).toArray(ValueLayout.JAVA_BYTE));
    }

    private MemorySegment read(FileEntry file, long offset, int length) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[length]);
        long read = tier.read(file.blob(), offset, bytes);
        if (read != length) {
            throw QuernException.corrupt(
                    "blob "
                            + file.blob()
                            + " in "
                            + tier
                            + " must have "
                            + length
                            + " bytes at offset "
                            + offset
                            + ", got "
                            + read);
        }
        return bytes;
    }
}
