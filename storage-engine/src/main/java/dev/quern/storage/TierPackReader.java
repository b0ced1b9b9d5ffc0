package dev.quern.storage;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackFormat.Header;
import dev.quern.storage.PackIndex.Location;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Reads packs in a tier: what they hold ([TierPackRecords]), and chunks out of them, through the
/// cache. Thread-safe.
final class TierPackReader {
    private static final int MAX_HEADERS = 1 << 16;

    /// Read from a pack at once, where one record is not longer.
    private static final int WINDOW_BYTES = 8 << 20;

    private final TierPackRecords records;
    private final TierCache cache;
    private final BodyCodec codec;
    private final LoadingCache<Long, Header> headers;

    TierPackReader(Tier tier, TierCache cache, BodyCodec codec) {
        this.records = new TierPackRecords(tier);
        this.cache = cache;
        this.codec = codec;
        this.headers =
                Caffeine.newBuilder()
                        .maximumSize(MAX_HEADERS)
                        .executor(Runnable::run)
                        .build(this::loadHeader);
    }

    /// Remembers the header of a pack.
    void know(long id, Header header) {
        headers.put(id, header);
    }

    /// Forgets the header of a pack that is gone.
    void forget(long id) {
        headers.invalidate(id);
    }

    /// Reads what a pack holds, in order of offset; where its footer is damaged, what of it can be
    /// found.
    ///
    /// @param work takes 4,096 records at a time at most
    /// @throws QuernException `CORRUPT`, naming the blob, if it is no pack
    void forEachBatch(long id, long sizeBytes, Consumer<List<PackRecord>> work) {
        records.forEachBatch(id, sizeBytes, headers.get(id), work);
    }

    /// Checks that a pack has a whole header and footer in the tier, as
    /// [TierPackRecords#requireWhole].
    void requireWhole(long id, long sizeBytes) {
        records.requireWhole(id, sizeBytes);
    }

    /// Takes stored records.
    interface Stored {
        /// Takes a record.
        ///
        /// @param body not verified; empty if the record itself does not match
        void take(PackRecord record, Optional<MemorySegment> body);
    }

    /// Reads the wanted records of a pack from the tier, several with each request.
    ///
    /// @param wanted asked once for each record, in order of offset
    void forEach(long id, long sizeBytes, Predicate<PackRecord> wanted, Stored work) {
        Header header = headers.get(id);
        forEachBatch(
                id,
                sizeBytes,
                batch -> readAll(id, header, batch.stream().filter(wanted).toList(), work));
    }

    private void readAll(long id, Header header, List<PackRecord> records, Stored work) {
        MemorySegment window = MemorySegment.NULL;
        long from = 0;
        for (PackRecord record : records) {
            if (record.bodyEnd() > from + window.byteSize()) {
                from = record.offset();
                long end = Math.min(from + WINDOW_BYTES, records.getLast().bodyEnd());
                int length = (int) (Math.max(record.bodyEnd(), end) - from);
                window = this.records.read(TierStoreFormat.pack(id), from, length);
            }
            PackRecord found = PackFormat.record(window, record.offset() - from, header);
            work.take(
                    record,
                    record.equals(found)
                            ? Optional.of(
                                    window.asSlice(
                                            record.bodyOffset() - from, record.storedBytes()))
                            : Optional.empty());
        }
    }

    private Header loadHeader(long id) {
        String name = TierStoreFormat.pack(id);
        BlobRange range = new BlobRange(name, 0, PackFormat.HEADER_BYTES);
        try (ChunkLease bytes = cache.open(range, wanted -> readHeader(wanted, id))) {
            return records.header(bytes.bytes(), id);
        }
    }

    /// Only one that is whole is kept.
    private MemorySegment readHeader(BlobRange range, long id) {
        MemorySegment bytes = read(range);
        records.header(bytes, id);
        return bytes;
    }

    private MemorySegment read(BlobRange range) {
        return records.read(range.blob(), range.offset(), range.length());
    }

    /// Opens a chunk, through the cache. What comes from the tier is checked by its SHA-256, what
    /// comes from the cache by the cache.
    ///
    /// @param storedBytes length of its body
    /// @throws QuernException `CORRUPT` naming the blob and the offset
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    ChunkLease open(SpaceId space, ChunkId id, Location at, int storedBytes) {
        String name = TierStoreFormat.pack(at.packId());
        Header header = headers.get(at.packId());
        BlobRange range = new BlobRange(name, at.offset(), header.recordBytes() + storedBytes);
        Chunk chunk = new Chunk(space, id, name, at.offset(), header);
        ChunkLease stored = cache.open(range, wanted -> load(wanted, chunk));
        boolean keep = false;
        try {
            PackRecord record = record(stored.bytes(), chunk);
            MemorySegment body = stored.bytes().asSlice(header.recordBytes());
            keep = record.form().isPlain();
            return keep
                    ? new BodyLease(stored, body)
                    : new HeapLease(codec.decode(record, body, Path.of(name)));
        } finally {
            if (!keep) {
                stored.close();
            }
        }
    }

    /// A chunk that is to be found in a pack.
    private record Chunk(SpaceId space, ChunkId id, String pack, long offset, Header header) {}

    private MemorySegment load(BlobRange range, Chunk chunk) {
        MemorySegment stored = read(range);
        PackRecord record = record(stored, chunk);
        requireMatch(chunk.pack, record, stored.asSlice(chunk.header.recordBytes()));
        return stored;
    }

    /// Checks that a body is that of the chunk which its record names.
    ///
    /// @throws QuernException `CORRUPT` naming the blob and the offset
    private void requireMatch(String pack, PackRecord record, MemorySegment body) {
        boolean whole = Checksums.crc32c(body) == record.form().crc();
        if (whole) {
            MemorySegment raw = codec.decode(record, body, Path.of(pack));
            whole = Checksums.sha256(raw.asByteBuffer()).equals(record.id());
        }
        if (!whole) {
            throw QuernException.corrupt(
                    records.at(pack, record.offset()) + ": chunk " + record.id() + " does not match");
        }
    }

    /// Checks a record that was read from a pack.
    ///
    /// @param body as [Stored#take]
    /// @throws QuernException `CORRUPT` naming the blob and the offset
    void requireMatch(long pack, PackRecord record, Optional<MemorySegment> body) {
        String name = TierStoreFormat.pack(pack);
        requireMatch(
                name,
                record,
                body.orElseThrow(() ->
                        QuernException.corrupt(
                                records.at(name, record.offset())
                                        + " has no record of chunk "
                                        + record.id())));
    }

    /// Reads a chunk from the tier, whatever the cache has, and compares it with its name.
    ///
    /// @throws QuernException `CORRUPT` naming the blob and the offset; `NOT_FOUND` if there is no
    ///   such blob
    void verify(SpaceId space, ChunkId id, Location at, int storedBytes) {
        String name = TierStoreFormat.pack(at.packId());
        Header header = headers.get(at.packId());
        BlobRange range = new BlobRange(name, at.offset(), header.recordBytes() + storedBytes);
        load(range, new Chunk(space, id, name, at.offset(), header));
    }

    /// The header of a record that was read alone.
    private PackRecord record(MemorySegment stored, Chunk chunk) {
        PackRecord record = PackFormat.record(stored, 0, chunk.header);
        if (record == null
                || record.offset() != chunk.offset
                || !record.id().equals(chunk.id)
                || !record.space().equals(chunk.space)
                || record.headerBytes() + record.storedBytes() != stored.byteSize()) {
            throw QuernException.corrupt(
                    records.at(chunk.pack, chunk.offset) + " has no record of chunk " + chunk.id);
        }
        return record;
    }

    /// Puts the records of a pack that is on this machine into the cache.
    void warm(long id, List<PackRecord> records, MemorySegment pack) {
        for (PackRecord record : records) {
            int length = record.headerBytes() + record.storedBytes();
            cache.put(
                    new BlobRange(TierStoreFormat.pack(id), record.offset(), length),
                    pack.asSlice(record.offset(), length));
        }
    }

    /// A body within what the cache holds.
    private record BodyLease(ChunkLease stored, MemorySegment body) implements ChunkLease {
        @Override
        public MemorySegment bytes() {
            MemorySegment open = stored.bytes(); // throws once it is closed
            return open.asSlice(open.byteSize() - body.byteSize());
        }

        @Override
        public void close() {
            stored.close();
        }
    }
}
