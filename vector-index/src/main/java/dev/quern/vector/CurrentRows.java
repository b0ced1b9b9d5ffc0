package dev.quern.vector;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/// Reads the rows that a write depends on.
final class CurrentRows {
    private final IndexReader reader;
    private final Schema schema;

    CurrentRows(IndexReader reader, Schema schema) {
        this.reader = reader;
        this.schema = schema;
    }

    /// Live rows by id: their versions and expiries, nothing else.
    Map<String, Row> stamps(Collection<String> ids) throws IOException {
        Stamps stamps = new Stamps(reader);
        Map<String, Row> rows = new HashMap<>();
        for (Found found : find(ids)) {
            Row bare = new Row(found.id(), Map.of(), Map.of(), Map.of());
            rows.put(found.id(), stamps.stamp(bare, found.doc()));
        }
        return rows;
    }

    /// Live rows by id.
    ///
    /// @param maxBytes they may take
    /// @throws QuernException `INVALID` when they take more
    Map<String, Row> whole(Collection<String> ids, long maxBytes) throws IOException {
        return whole(find(ids).stream().map(Found::doc).sorted().toList(), maxBytes);
    }

    /// The rows of documents, by id.
    ///
    /// @param docs ascending
    /// @param maxBytes they may take
    /// @throws QuernException `INVALID` when they take more
    Map<String, Row> whole(List<Integer> docs, long maxBytes) throws IOException {
        Stamps stamps = new Stamps(reader);
        StoredFields stored = reader.storedFields();
        long dims = schema.fields().vectors().values().stream().mapToLong(VectorField::dims).sum();
        List<Row> rows = new ArrayList<>(docs.size());
        long bytes = 0;
        for (int doc : docs) {
            Row row = stamps.stamp(RowDocuments.row(stored, doc), doc);
            rows.add(row);
            bytes += RowReader.size(row) + dims * Float.BYTES;
            if (bytes > maxBytes) {
                throw QuernException.invalid(
                        "the "
                                + docs.size()
                                + " rows to patch take more than "
                                + maxBytes
                                + " bytes, the bound of a write: patch fewer at once");
            }
        }
        Map<Integer, Map<String, float[]>> vectors =
                RowReader.vectors(reader, docs, schema.fields().vectors().keySet());
        Map<String, Row> byId = new HashMap<>();
        for (int i = 0; i < docs.size(); i++) {
            Row row = rows.get(i).withVectors(vectors.getOrDefault(docs.get(i), Map.of()));
            byId.put(row.id(), row);
        }
        return byId;
    }

    private record Found(String id, int doc) {}

    private List<Found> find(Collection<String> ids) throws IOException {
        List<String> left = new ArrayList<>(ids);
        left.sort(null);
        List<Found> found = new ArrayList<>();
        for (LeafReaderContext leaf : reader.leaves()) {
            Terms terms = leaf.reader().terms(RowDocuments.ID);
            if (terms == null || left.isEmpty()) {
                continue;
            }
            TermsEnum term = terms.iterator();
            PostingsEnum postings = null;
            List<String> elsewhere = new ArrayList<>();
            for (String id : left) {
                if (term.seekExact(schema.fields().ids().term(id))) {
                    postings = term.postings(postings, PostingsEnum.NONE);
                    int doc = live(postings, leaf.reader().getLiveDocs());
                    if (doc != DocIdSetIterator.NO_MORE_DOCS) {
                        found.add(new Found(id, leaf.docBase + doc));
                        continue;
                    }
                }
                elsewhere.add(id);
            }
            left = elsewhere;
        }
        return found;
    }

    private static int live(PostingsEnum postings, @Nullable Bits live) throws IOException {
        int doc = postings.nextDoc();
        while (doc != DocIdSetIterator.NO_MORE_DOCS && live != null && !live.get(doc)) {
            doc = postings.nextDoc();
        }
        return doc;
    }
}
