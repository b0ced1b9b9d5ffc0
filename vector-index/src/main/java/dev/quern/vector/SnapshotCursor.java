package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.MultiBits;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/// Walks the documents of one reader, on which it holds a reference.
final class SnapshotCursor implements RowCursor {
    private static final int MAX_BATCH = 100_000;

    private final IndexReader reader;
    private final Closeable hold;
    private final CollectionInfo collection;
    private final @Nullable Bits live;
    private int next;
    private boolean closed;

    /// @param searcher may be released afterwards: the cursor takes a reference of its own
    SnapshotCursor(IndexSearcher searcher, CollectionInfo collection) {
        this.reader = searcher.getIndexReader();
        this.hold = Expiry.hold(reader);
        this.collection = collection;
        this.live = MultiBits.getLiveDocs(reader);
    }

    @Override
    public CollectionInfo collection() {
        return collection;
    }

    @Override
    public List<Row> next(int max) {
        Search.requireBetween("rows of a batch", max, 1, MAX_BATCH);
        if (closed) {
            throw QuernException.internal("cursor is closed", null);
        }
        try {
            return read(max);
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "collection \"" + collection.name() + "\" cannot be read: " + e,
                    e);
        }
    }

    private List<Row> read(int max) throws IOException {
        StoredFields stored = reader.storedFields();
        Stamps stamps = new Stamps(reader);
        List<Integer> docs = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        long bytes = 0;
        long dims =
                collection.schema().vectors().values().stream().mapToLong(VectorField::dims).sum();
        for (; next < reader.maxDoc() && rows.size() < max; next++) {
            if (bytes >= RowReader.PAGE_BYTES) {
                break;
            }
            if (live == null || live.get(next)) {
                Row row = stamps.stamp(RowDocuments.row(stored, next), next);
                rows.add(row);
                docs.add(next);
                bytes += RowReader.size(row) + dims * Float.BYTES;
            }
        }
        Map<Integer, Map<String, float[]>> vectors =
                RowReader.vectors(reader, docs, collection.schema().vectors().keySet());
        for (int i = 0; i < rows.size(); i++) {
            rows.set(i, rows.get(i).withVectors(vectors.getOrDefault(docs.get(i), Map.of())));
        }
        return rows;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            hold.close();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "collection \"" + collection.name() + "\": snapshot was not closed: " + e,
                    e);
        }
    }
}
