package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the records of packs in a tier: by their footers or, where one is damaged, by walking the
/// pack. Thread-safe.
final class TierPackRecords {
    private static final Logger LOG = LoggerFactory.getLogger(TierPackRecords.class);
    private static final int BATCH_CHUNKS = 4096;

    /// Read at once of a pack that is walked.
    private static final int WINDOW_BYTES = 8 << 20;

    private final Tier tier;

    TierPackRecords(Tier tier) {
        this.tier = tier;
    }

    /// Checks that a pack has a whole header and footer, so that anyone can tell what is in it.
    ///
    /// @throws QuernException `CORRUPT`, naming the blob and the offset, if it has not; `NOT_FOUND`
    ///   if there is no such blob
    void requireWhole(long id, long sizeBytes) {
        Source pack = new Source(TierStoreFormat.pack(id), sizeBytes, header(id));
        Footer footer = footer(pack);
        if (footer == null) {
            throw QuernException.corrupt(
                    at(pack.name, sizeBytes - PackFormat.TRAILER_BYTES) + " has no valid footer");
        }
        long broken = list(pack, footer, new Batches(_ -> {}));
        if (broken >= 0) {
            throw QuernException.corrupt(
                    at(pack.name, broken) + " has no valid footer: an entry of it is damaged");
        }
    }

    /// The header of a pack, as the tier has it.
    ///
    /// @throws QuernException as [#requireWhole]
    Header header(long id) {
        String name = TierStoreFormat.pack(id);
        return header(read(name, 0, PackFormat.HEADER_BYTES), id);
    }

    /// The header that these first bytes of a pack are.
    Header header(MemorySegment start, long id) {
        String name = TierStoreFormat.pack(id);
        Header header = PackFormat.header(start, id, name);
        if (header == null) {
            throw QuernException.corrupt(at(name, 0) + " has no valid header");
        }
        return header;
    }

    /// Hands over what a pack holds, in order of offset; where its footer is damaged, what of it
    /// can be found.
    ///
    /// @param work takes 4,096 records at a time at most
    void forEachBatch(long id, long sizeBytes, Header header, Consumer<List<PackRecord>> work) {
        Source pack = new Source(TierStoreFormat.pack(id), sizeBytes, header);
        Batches batches = new Batches(work);
        Footer footer = footer(pack);
        if (footer == null || list(pack, footer, batches) >= 0) {
            LOG.warn("{} has no valid footer: it is walked", at(pack.name, sizeBytes));
            walk(pack, batches.end, batches);
        }
        batches.flush();
    }

    /// A pack that is looked through.
    private record Source(String name, long sizeBytes, Header header) {}

    /// Hands on records in batches. Not thread-safe.
    private static final class Batches {
        private final Consumer<List<PackRecord>> work;
        private List<PackRecord> batch = new ArrayList<>();

        /// Where the record after the last one begins.
        private long end = PackFormat.HEADER_BYTES;

        Batches(Consumer<List<PackRecord>> work) {
            this.work = work;
        }

        void add(PackRecord record) {
            batch.add(record);
            end = record.end();
            if (batch.size() == BATCH_CHUNKS) {
                flush();
            }
        }

        void flush() {
            if (!batch.isEmpty()) {
                List<PackRecord> full = batch;
                batch = new ArrayList<>();
                work.accept(full);
            }
        }
    }

    private @Nullable Footer footer(Source pack) {
        long at = pack.sizeBytes - PackFormat.TRAILER_BYTES;
        return at < PackFormat.HEADER_BYTES
                ? null
                : PackFormat.trailer(
                        read(pack.name, at, PackFormat.TRAILER_BYTES), pack.sizeBytes, pack.header);
    }

    /// Goes through the footer up to the first entry that is damaged.
    ///
    /// @return where that is; -1 if none is
    private long list(Source pack, Footer footer, Batches batches) {
        int recordBytes = pack.header.recordBytes();
        for (int from = 0; from < footer.records(); from += BATCH_CHUNKS) {
            int count = Math.min(BATCH_CHUNKS, footer.records() - from);
            long at = footer.footerOffset() + (long) from * recordBytes;
            MemorySegment piece = read(pack.name, at, count * recordBytes);
            for (int i = 0; i < count; i++) {
                PackRecord record = PackFormat.record(piece, (long) i * recordBytes, pack.header);
                if (record == null || record.bodyEnd() > footer.footerOffset()) {
                    return at + (long) i * recordBytes;
                }
                batches.add(record);
            }
        }
        return -1;
    }

    /// Finds records without a footer. Their bodies are not checked.
    private void walk(Source pack, long start, Batches batches) {
        int recordBytes = pack.header.recordBytes();
        MemorySegment window = MemorySegment.NULL;
        long from = start;
        long at = start;
        while (at <= pack.sizeBytes - recordBytes) {
            if (at + recordBytes > from + window.byteSize()) {
                from = at;
                int length = (int) Math.min(WINDOW_BYTES, pack.sizeBytes - at);
                window = read(pack.name, from, length);
            }
            PackRecord record =
                    PackFormat.mayBeRecord(window, at - from)
                            ? PackFormat.record(window, at - from, pack.header)
                            : null;
            if (record != null && record.offset() == at && record.bodyEnd() <= pack.sizeBytes) {
                batches.add(record);
                at = record.end();
            } else {
                at += 8;
            }
        }
    }

    /// Bytes of a blob.
    ///
    /// @throws QuernException `CORRUPT`, naming the blob and the offset, if it has not so many;
    ///   `NOT_FOUND` if there is no such blob
    MemorySegment read(String name, long offset, int length) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[length]);
        long read = tier.read(name, offset, bytes);
        if (read != length) {
            throw QuernException.corrupt(
                    at(name, offset) + " must have " + length + " bytes, got " + read);
        }
        return bytes;
    }

    /// For messages: a place in a blob.
    String at(String name, long offset) {
        return "blob " + name + " in " + tier + " at offset " + offset;
    }
}
