package dev.quern.storage;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import dev.quern.storage.PackIndex.Location;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Reads packs in a tier: what they hold, from their footers, and chunks out of them, through the
/// cache. Thread-safe.
final class TierPackReader {
    private static final int MAX_HEADERS = 1 << 16;
    private static final int BATCH_CHUNKS = 4096;

    /// Read from a pack at once, where one record is not longer.
    private static final int WINDOW_BYTES = 8 << 20;

    private final Tier tier;
    private final TierCache cache;
    private final BodyCodec codec;
    private final LoadingCache<Long, Header> headers;

    TierPackReader(Tier tier, TierCache cache, BodyCodec codec) {
        this.tier = tier;
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

    /// Reads what a pack holds, in order of offset.
    ///
    /// @param work takes 4,096 records at a time at most
    /// @throws QuernException `CORRUPT`, naming the blob and the offset, if it is no sealed pack
    void forEachBatch(long id, long sizeBytes, Consumer<List<PackRecord>> work) {
        String name = TierStoreFormat.pack(id);
        Header header = headers.get(id);
        Footer footer = footer(name, sizeBytes, header);
        int recordBytes = header.recordBytes();
        for (int from = 0; from < footer.records(); from += BATCH_CHUNKS) {
            int count = Math.min(BATCH_CHUNKS, footer.records() - from);
            long at = footer.footerOffset() + (long) from * recordBytes;
            MemorySegment piece = read(name, at, count * recordBytes);
            List<PackRecord> batch = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                PackRecord record = PackFormat.record(piece, (long) i * recordBytes, header);
                if (record == null || record.bodyEnd() > footer.footerOffset()) {
                    throw QuernException.corrupt(
                            blobAt(name, at + (long) i * recordBytes) + " has no whole record");
                }
                batch.add(record);
            }
            work.accept(batch);
        }
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
                window = read(TierStoreFormat.pack(id), from, length);
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

    private Footer footer(String name, long sizeBytes, Header header) {
        long at = sizeBytes - PackFormat.TRAILER_BYTES;
        Footer footer =
                at < PackFormat.HEADER_BYTES
                        ? null
                        : PackFormat.trailer(
                                read(name, at, PackFormat.TRAILER_BYTES), sizeBytes, header);
        if (footer == null) {
            throw QuernException.corrupt(blobAt(name, at) + " has no valid footer");
        }
        return footer;
    }

    private Header loadHeader(long id) {
        String name = TierStoreFormat.pack(id);
        BlobRange range = new BlobRange(name, 0, PackFormat.HEADER_BYTES);
        try (ChunkLease bytes = cache.open(range, this::read)) {
            Header header = PackFormat.header(bytes.bytes(), id, name);
            if (header == null) {
                throw QuernException.corrupt(blobAt(name, 0) + " has no valid header");
            }
            return header;
        }
    }

    private MemorySegment read(BlobRange range) {
        return read(range.blob(), range.offset(), range.length());
    }

    private MemorySegment read(String name, long offset, int length) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[length]);
        long read = tier.read(name, offset, bytes);
        if (read != length) {
            throw QuernException.corrupt(
                    blobAt(name, offset) + " must have " + length + " bytes, got " + read);
        }
        return bytes;
    }

    private String blobAt(String name, long offset) {
        return "blob " + name + " in " + tier + " at offset " + offset;
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
        MemorySegment body = stored.asSlice(chunk.header.recordBytes());
        boolean whole = Checksums.crc32c(body) == record.form().crc();
        if (whole) {
            MemorySegment raw = codec.decode(record, body, Path.of(chunk.pack));
            whole = Checksums.sha256(raw.asByteBuffer()).equals(chunk.id);
        }
        if (!whole) {
            throw QuernException.corrupt(
                    blobAt(chunk.pack, chunk.offset) + ": chunk " + chunk.id + " does not match");
        }
        return stored;
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
                    blobAt(chunk.pack, chunk.offset) + " has no record of chunk " + chunk.id);
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
