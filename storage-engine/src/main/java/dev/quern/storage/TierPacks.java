package dev.quern.storage;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import dev.quern.storage.PackIndex.Location;
import dev.quern.storage.PackIndex.Progress;
import dev.quern.storage.Tier.Blob;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The packs in a tier: finds those that the index does not know, reads what they hold from their
/// footers, and reads chunks out of them through the cache. Thread-safe.
final class TierPacks {
    private static final Logger LOG = LoggerFactory.getLogger(TierPacks.class);
    private static final int MAX_HEADERS = 1 << 16;
    private static final int BATCH_CHUNKS = 4096;

    private final Tier tier;
    private final TierCache cache;
    private final PackIndex index;
    private final BodyCodec codec;
    private final LoadingCache<Long, Header> headers;

    /// Packs in the tier that this store knows, with their sizes.
    private final ConcurrentMap<Long, Long> sizes = new ConcurrentHashMap<>();

    TierPacks(Tier tier, TierCache cache, PackIndex index, BodyCodec codec) {
        this.tier = tier;
        this.cache = cache;
        this.index = index;
        this.codec = codec;
        this.headers =
                Caffeine.newBuilder()
                        .maximumSize(MAX_HEADERS)
                        .executor(Runnable::run)
                        .build(this::loadHeader);
    }

    /// Brings the index in step with all packs that are there. When one is gone that the index
    /// names chunks of, the others are indexed again.
    void open() {
        Map<Long, Long> found = list("");
        List<Long> lost =
                index.packs().entrySet().stream()
                        .filter(pack -> pack.getValue().chunks() > 0)
                        .map(Map.Entry::getKey)
                        .filter(id -> !found.containsKey(id))
                        .toList();
        if (!lost.isEmpty()) {
            LOG.error(
                    "packs are missing in {}: {}; indexing the {} others again",
                    tier,
                    lost.stream().map(TierStoreFormat::pack).toList(),
                    found.size());
            index.clear();
        }
        indexNew(found);
    }

    /// Indexes what other members have put lately.
    ///
    /// @param after a name before those of all that are looked for
    void refresh(String after) {
        indexNew(list(after));
    }

    private Map<Long, Long> list(String after) {
        Map<Long, Long> found = new HashMap<>();
        List<Blob> page = tier.list(TierStoreFormat.PACKS, after, Tier.MAX_PAGE);
        while (!page.isEmpty()) {
            for (Blob blob : page) {
                OptionalLong id = TierStoreFormat.packId(blob.name());
                if (id.isPresent()) {
                    found.put(id.getAsLong(), blob.sizeBytes());
                } else {
                    LOG.warn("tier {} has a blob that is no pack: {}", tier, blob.name());
                }
            }
            page = tier.list(TierStoreFormat.PACKS, page.getLast().name(), Tier.MAX_PAGE);
        }
        return found;
    }

    private void indexNew(Map<Long, Long> found) {
        Map<Long, PackIndex.PackState> known = index.packs();
        List<Long> missing = new ArrayList<>();
        for (Map.Entry<Long, Long> pack : found.entrySet()) {
            PackIndex.PackState state = known.get(pack.getKey());
            if (state != null && state.closed()) {
                sizes.put(pack.getKey(), pack.getValue());
            } else {
                missing.add(pack.getKey());
            }
        }
        Workers.run(missing, id -> addFound(id, found.getOrDefault(id, 0L)));
    }

    private void addFound(long id, long sizeBytes) {
        try {
            add(id, sizeBytes);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CORRUPT && e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            LOG.error("pack {} in {} is left aside: {}", id, tier, e.getMessage());
        }
    }

    /// Reads what a pack holds into the index.
    ///
    /// @throws QuernException `CORRUPT`, naming the blob and the offset, if it is no sealed pack
    private void add(long id, long sizeBytes) {
        String name = TierStoreFormat.pack(id);
        Header header = headers.get(id);
        Footer footer = footer(name, sizeBytes, header);
        List<PackRecord> batch = new ArrayList<>();
        int recordBytes = header.recordBytes();
        for (int from = 0; from < footer.records(); from += BATCH_CHUNKS) {
            int count = Math.min(BATCH_CHUNKS, footer.records() - from);
            long at = footer.footerOffset() + (long) from * recordBytes;
            MemorySegment piece = read(name, at, count * recordBytes);
            for (int i = 0; i < count; i++) {
                PackRecord record = PackFormat.record(piece, (long) i * recordBytes, header);
                if (record == null || record.bodyEnd() > footer.footerOffset()) {
                    throw QuernException.corrupt(
                            blobAt(name, at + (long) i * recordBytes) + " has no whole record");
                }
                batch.add(record);
            }
            index.add(Map.of(id, batch), Map.of());
            batch.clear();
        }
        added(id, List.of(), header, sizeBytes);
        LOG.debug("pack {} of {}: indexed {} chunks", name, tier, footer.records());
    }

    /// Takes a pack that is in the tier now into the index.
    ///
    /// @param records those of its records that are not there yet
    void added(long id, List<PackRecord> records, Header header, long sizeBytes) {
        index.add(Map.of(id, records), Map.of(id, new Progress(sizeBytes, true)));
        headers.put(id, header);
        sizes.put(id, sizeBytes);
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

    long storedBytes() {
        return sizes.values().stream().mapToLong(Long::longValue).sum();
    }

    int count() {
        return sizes.size();
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
