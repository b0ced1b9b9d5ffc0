package dev.quern.vector;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiBits;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/// Reads rows from an index.
final class RowReader {
    /// A page or a batch ends after this many bytes of text, attributes and vectors.
    static final long PAGE_BYTES = 16L << 20;

    /// What the hits of one search may take.
    private static final long MAX_HIT_BYTES = 64L << 20;

    private RowReader() {}

    /// Receives vectors.
    interface VectorVisitor {
        /// Receives one.
        ///
        /// @param vector valid during the call only
        void visit(int doc, String id, float[] vector);
    }

    /// Visits documents with their ids and vectors.
    ///
    /// @param docs ascending
    static void forEachVector(IndexReader reader, List<Integer> docs, VectorVisitor visitor)
            throws IOException {
        for (int from = 0; from < docs.size(); ) {
            LeafReaderContext leaf =
                    reader.leaves().get(ReaderUtil.subIndex(docs.get(from), reader.leaves()));
            int end = leaf.docBase + leaf.reader().maxDoc();
            FloatVectorValues vectors = leaf.reader().getFloatVectorValues(RowDocuments.VECTOR);
            KnnVectorValues.DocIndexIterator ordinals = vectors.iterator();
            BinaryDocValues ids = leaf.reader().getBinaryDocValues(RowDocuments.ID);
            for (; from < docs.size() && docs.get(from) < end; from++) {
                int doc = docs.get(from) - leaf.docBase;
                if (ordinals.advance(doc) != doc || !ids.advanceExact(doc)) {
                    throw QuernException.corrupt("index has a document without id or vector");
                }
                visitor.visit(
                        docs.get(from),
                        ids.binaryValue().utf8ToString(),
                        vectors.vectorValue(ordinals.index()));
            }
        }
    }

    /// The ids of documents.
    ///
    /// @param docs ascending
    static Map<Integer, String> ids(IndexReader reader, List<Integer> docs) throws IOException {
        Map<Integer, String> found = new HashMap<>();
        BinaryDocValues ids = null;
        int end = -1;
        int base = 0;
        for (int doc : docs) {
            if (doc >= end) {
                LeafReaderContext leaf =
                        reader.leaves().get(ReaderUtil.subIndex(doc, reader.leaves()));
                ids = leaf.reader().getBinaryDocValues(RowDocuments.ID);
                base = leaf.docBase;
                end = base + leaf.reader().maxDoc();
            }
            if (ids == null || !ids.advanceExact(doc - base)) {
                throw QuernException.corrupt("index has a document without id");
            }
            found.put(doc, ids.binaryValue().utf8ToString());
        }
        return found;
    }

    /// The rows of hits, in their order.
    ///
    /// @throws QuernException `INVALID` when they are too big for one answer
    static List<Hit> hits(IndexReader reader, List<Ranked> ranked, boolean includeVector)
            throws IOException {
        Map<Integer, float[]> vectors = new HashMap<>();
        if (includeVector) {
            List<Integer> docs = ranked.stream().map(Ranked::doc).sorted().toList();
            forEachVector(reader, docs, (doc, _, vector) -> vectors.put(doc, vector.clone()));
        }
        StoredFields stored = reader.storedFields();
        List<Hit> hits = new ArrayList<>();
        long bytes = 0;
        for (Ranked each : ranked) {
            Row row = RowDocuments.row(stored, each.doc());
            float[] vector = vectors.get(each.doc());
            row = vector == null ? row : RowFormat.withVector(row, vector);
            bytes += size(row);
            if (bytes > MAX_HIT_BYTES) {
                throw QuernException.invalid(
                        "the hits take more than "
                                + MAX_HIT_BYTES
                                + " bytes: ask for fewer than "
                                + hits.size());
            }
            hits.add(new Hit(row, each.score()));
        }
        return hits;
    }

    /// About the bytes that a row takes in an answer.
    static long size(Row row) {
        return row.text().map(String::length).orElse(0)
                + (long) row.vector().length * Float.BYTES
                + row.attributes().size() * 32L
                + row.id().length();
    }

    /// The live row of an id.
    static Optional<Row> find(IndexReader reader, String id) throws IOException {
        PostingsEnum postings =
                MultiTerms.getTermPostingsEnum(
                        reader, RowDocuments.ID, new BytesRef(id), PostingsEnum.NONE);
        Bits live = MultiBits.getLiveDocs(reader);
        int doc = postings == null ? DocIdSetIterator.NO_MORE_DOCS : nextLive(postings, live);
        return doc == DocIdSetIterator.NO_MORE_DOCS
                ? Optional.empty()
                : Optional.of(rowWithVector(reader, doc));
    }

    private static int nextLive(PostingsEnum postings, @Nullable Bits live) throws IOException {
        int doc = postings.nextDoc();
        while (doc != DocIdSetIterator.NO_MORE_DOCS && live != null && !live.get(doc)) {
            doc = postings.nextDoc();
        }
        return doc;
    }

    private static Row rowWithVector(IndexReader reader, int doc) throws IOException {
        Row row = RowDocuments.row(reader.storedFields(), doc);
        List<float[]> found = new ArrayList<>(1);
        forEachVector(reader, List.of(doc), (_, _, vector) -> found.add(vector.clone()));
        return RowFormat.withVector(row, found.getFirst());
    }

    /// Rows in id order.
    static RowPage page(
            IndexReader reader, Optional<String> after, int limit, boolean includeVector)
            throws IOException {
        Terms terms = MultiTerms.getTerms(reader, RowDocuments.ID);
        if (terms == null) {
            return new RowPage(List.of(), Optional.empty());
        }
        TermsEnum ids = terms.iterator();
        Bits live = MultiBits.getLiveDocs(reader);
        StoredFields stored = reader.storedFields();
        List<Row> rows = new ArrayList<>();
        long bytes = 0;
        PostingsEnum postings = null;
        for (boolean more = start(ids, after); more; more = ids.next() != null) {
            postings = ids.postings(postings, PostingsEnum.NONE);
            int doc = nextLive(postings, live);
            if (doc == DocIdSetIterator.NO_MORE_DOCS) {
                continue;
            }
            if (rows.size() == limit || bytes >= PAGE_BYTES) {
                return new RowPage(rows, Optional.of(rows.getLast().id()));
            }
            Row row = includeVector ? rowWithVector(reader, doc) : RowDocuments.row(stored, doc);
            rows.add(row);
            bytes += size(row);
        }
        return new RowPage(rows, Optional.empty());
    }

    /// Moves to the first id after one; false if there is none.
    private static boolean start(TermsEnum ids, Optional<String> after) throws IOException {
        if (after.isEmpty()) {
            return ids.next() != null;
        }
        return switch (ids.seekCeil(new BytesRef(after.get()))) {
            case FOUND -> ids.next() != null;
            case NOT_FOUND -> true;
            case END -> false;
        };
    }
}
