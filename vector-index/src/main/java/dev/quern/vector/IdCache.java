package dev.quern.vector;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/// The ids of large segments in memory, where each is one read of a place that is known: doc values
/// are two that depend on each other, through mapped files, and a buffer. A search that misses some
/// reads one slice of a segment, so that none waits for a whole segment. What does not fit stays
/// with the doc values; ids of a segment go when it is closed. Thread-safe.
final class IdCache {
    /// Smaller segments come and go too quickly.
    private static final int MIN_DOCUMENTS = 8_192;

    /// Documents of a slice.
    private static final int SLICE = 1 << 10;

    /// Slices with a longer id are left out: each row of a slice is as long as the longest.
    private static final int MAX_LENGTH = 64;

    private static final byte[] LEFT_OUT = {};

    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();
    private final ConcurrentMap<IndexReader.CacheKey, Column> columns = new ConcurrentHashMap<>();

    /// A cache.
    ///
    /// @param maxBytes of all slices together; 0 keeps nothing
    IdCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// Bytes of what is kept.
    long bytes() {
        return bytes.get();
    }

    /// The ids of a segment in one search.
    Ids of(LeafReaderContext leaf) {
        IndexReader.CacheHelper helper = leaf.reader().getCoreCacheHelper();
        if (maxBytes == 0 || helper == null || leaf.reader().maxDoc() < MIN_DOCUMENTS) {
            return new Ids(leaf, null);
        }
        Column column = columns.get(helper.getKey());
        return new Ids(leaf, column == null ? add(leaf, helper) : column);
    }

    private Column add(LeafReaderContext leaf, IndexReader.CacheHelper helper) {
        Column made = new Column(leaf.reader().maxDoc());
        Column first = columns.putIfAbsent(helper.getKey(), made);
        if (first != null) {
            return first;
        }
        helper.addClosedListener(this::forget);
        return made;
    }

    private void forget(IndexReader.CacheKey segment) {
        Column column = columns.remove(segment);
        for (int i = 0; column != null && i < column.slices.length(); i++) {
            byte[] slice = column.slices.get(i);
            bytes.addAndGet(slice == null ? 0 : -slice.length);
        }
    }

    /// Slices of one segment: a row for each document, of its id's length in one byte and its id.
    private static final class Column {
        private final AtomicReferenceArray<byte[]> slices;

        /// Bytes of a row, by slice: apart from the slices, so that a row is found without a look
        /// at the slice. Written before the slice is.
        private final byte[] strides;

        Column(int documents) {
            int count = (documents + SLICE - 1) / SLICE;
            slices = new AtomicReferenceArray<>(count);
            strides = new byte[count];
        }
    }

    /// Ids of one segment. One search, one thread.
    final class Ids {
        private final LeafReaderContext leaf;
        private final @Nullable Column column;
        private @Nullable BinaryDocValues values;
        private boolean read;

        private Ids(LeafReaderContext leaf, @Nullable Column column) {
            this.leaf = leaf;
            this.column = column;
        }

        /// The id of a document.
        ///
        /// @param doc in the segment; the documents of one search come in ascending order
        String text(int doc, IdType type) throws IOException {
            byte[] slice = column == null ? LEFT_OUT : slice(column, doc / SLICE);
            if (column == null || slice.length == 0) {
                return type.text(value(doc));
            }
            int row = doc % SLICE * column.strides[doc / SLICE];
            return type.text(slice, row + 1, slice[row]);
        }

        private byte[] slice(Column from, int number) throws IOException {
            byte[] slice = from.slices.get(number);
            if (slice == null && !read) {
                read = true;
                slice = fill(from, number);
            }
            return slice == null ? LEFT_OUT : slice;
        }

        private BytesRef value(int doc) throws IOException {
            BinaryDocValues ids = values;
            if (ids == null) {
                ids = leaf.reader().getBinaryDocValues(RowDocuments.ID);
                values = ids;
            }
            if (ids == null || !ids.advanceExact(doc)) {
                throw QuernException.corrupt("index has a document without id");
            }
            return ids.binaryValue();
        }

        /// Reads a slice, if it fits.
        private byte @Nullable [] fill(Column into, int number) throws IOException {
            int first = number * SLICE;
            int count = Math.min(SLICE, leaf.reader().maxDoc() - first);
            byte[] slice = rows(first, count, longest(first, count) + 1);
            if (bytes.addAndGet(slice.length) > maxBytes) {
                bytes.addAndGet(-slice.length);
                return null;
            }
            // Whoever fills it gives it the same stride.
            into.strides[number] = (byte) (slice.length / count);
            if (!into.slices.compareAndSet(number, null, slice)) {
                bytes.addAndGet(-slice.length);
            }
            return slice;
        }

        private int longest(int first, int count) throws IOException {
            int longest = 0;
            values = null;
            for (int i = 0; i < count; i++) {
                longest = Math.max(longest, value(first + i).length);
            }
            values = null;
            return longest;
        }

        private byte[] rows(int first, int count, int stride) throws IOException {
            if (stride > MAX_LENGTH + 1) {
                return LEFT_OUT;
            }
            byte[] slice = new byte[count * stride];
            for (int i = 0; i < count; i++) {
                BytesRef id = value(first + i);
                slice[i * stride] = (byte) id.length;
                System.arraycopy(id.bytes, id.offset, slice, i * stride + 1, id.length);
            }
            values = null;
            return slice;
        }
    }
}
