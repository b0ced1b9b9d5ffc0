package dev.quern.vector;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
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
        /// @param id as [IdType#term] has it, valid during the call only
        /// @param vector valid during the call only
        void visit(int doc, BytesRef id, float[] vector);
    }

    /// Visits documents that have a vector with their ids and vectors; passes over the others.
    ///
    /// @param docs ascending
    /// @param field a vector field
    static void forEachVector(
            IndexReader reader, List<Integer> docs, String field, VectorVisitor visitor)
            throws IOException {
        String luceneField = RowDocuments.vector(field);
        for (int from = 0; from < docs.size(); ) {
            LeafReaderContext leaf =
                    reader.leaves().get(ReaderUtil.subIndex(docs.get(from), reader.leaves()));
            int end = leaf.docBase + leaf.reader().maxDoc();
            FloatVectorValues vectors = leaf.reader().getFloatVectorValues(luceneField);
            if (vectors == null) {
                while (from < docs.size() && docs.get(from) < end) {
                    from++;
                }
                continue;
            }
            KnnVectorValues.DocIndexIterator ordinals = vectors.iterator();
            BinaryDocValues ids = leaf.reader().getBinaryDocValues(RowDocuments.ID);
            for (; from < docs.size() && docs.get(from) < end; from++) {
                int doc = docs.get(from) - leaf.docBase;
                int at = ordinals.docID() < doc ? ordinals.advance(doc) : ordinals.docID();
                if (at != doc) {
                    continue;
                }
                if (!ids.advanceExact(doc)) {
                    throw QuernException.corrupt("index has a document without id");
                }
                visitor.visit(
                        docs.get(from), ids.binaryValue(), vectors.vectorValue(ordinals.index()));
            }
        }
    }

    /// The vectors of documents, by document and field.
    ///
    /// @param docs ascending
    /// @param fields vector fields
    static Map<Integer, Map<String, float[]>> vectors(
            IndexReader reader, List<Integer> docs, Collection<String> fields) throws IOException {
        Map<Integer, Map<String, float[]>> vectors = new HashMap<>();
        for (String field : fields) {
            forEachVector(
                    reader,
                    docs,
                    field,
                    (doc, _, vector) ->
                            vectors.computeIfAbsent(doc, _ -> new HashMap<>())
                                    .put(field, vector.clone()));
        }
        return vectors;
    }

    /// The ids of documents.
    ///
    /// @param docs ascending
    static Map<Integer, String> ids(IndexReader reader, List<Integer> docs, IdType idType)
            throws IOException {
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
            found.put(doc, idType.text(ids.binaryValue()));
        }
        return found;
    }

    /// The rows of hits, in their order.
    ///
    /// @param fields which they are to have
    /// @throws QuernException `INVALID` when they are too big for one answer
    static List<Hit> hits(
            IndexReader reader, List<Ranked> ranked, RowFields fields, CollectionSchema schema)
            throws IOException {
        List<Integer> docs = ranked.stream().map(Ranked::doc).sorted().toList();
        Map<Integer, Map<String, float[]>> vectors =
                vectors(reader, docs, fields.vectorFields(schema));
        StoredFields stored = reader.storedFields();
        Stamps stamps = new Stamps(reader);
        List<Hit> hits = new ArrayList<>();
        long bytes = 0;
        for (Ranked each : ranked) {
            Row row =
                    fields.cut(RowDocuments.row(stored, each.doc()))
                            .withVectors(vectors.getOrDefault(each.doc(), Map.of()));
            bytes += size(row);
            if (bytes > MAX_HIT_BYTES) {
                throw QuernException.invalid(
                        "the hits take more than "
                                + MAX_HIT_BYTES
                                + " bytes: ask for fewer than "
                                + hits.size());
            }
            Row told = fields.versions() ? stamps.stamp(row, each.doc()) : row;
            hits.add(new Hit(told, each.score(), List.of()));
        }
        return hits;
    }

    /// About the bytes that a row takes in an answer.
    static long size(Row row) {
        long floats = row.vectors().values().stream().mapToLong(vector -> vector.length).sum();
        return row.texts().values().stream().mapToLong(String::length).sum()
                + floats * Float.BYTES
                + row.attributes().size() * 32L
                + row.id().length();
    }

    /// The live row of an id, with its version and expiry.
    ///
    /// @param id as [IdType#term] has it
    /// @param fields vector fields whose vectors the row is to have
    static Optional<Row> find(IndexReader reader, BytesRef id, Collection<String> fields)
            throws IOException {
        PostingsEnum postings =
                MultiTerms.getTermPostingsEnum(reader, RowDocuments.ID, id, PostingsEnum.NONE);
        Bits live = MultiBits.getLiveDocs(reader);
        int doc = postings == null ? DocIdSetIterator.NO_MORE_DOCS : nextLive(postings, live);
        return doc == DocIdSetIterator.NO_MORE_DOCS
                ? Optional.empty()
                : Optional.of(row(reader, doc, fields));
    }

    private static int nextLive(PostingsEnum postings, @Nullable Bits live) throws IOException {
        int doc = postings.nextDoc();
        while (doc != DocIdSetIterator.NO_MORE_DOCS && live != null && !live.get(doc)) {
            doc = postings.nextDoc();
        }
        return doc;
    }

    private static Row row(IndexReader reader, int doc, Collection<String> fields)
            throws IOException {
        Row row =
                RowDocuments.row(reader.storedFields(), doc)
                        .withVectors(
                                vectors(reader, List.of(doc), fields).getOrDefault(doc, Map.of()));
        return new Stamps(reader).stamp(row, doc);
    }

    /// Rows in id order, with their versions and expiries.
    ///
    /// @param after as [IdType#term] has it
    /// @param fields vector fields whose vectors the rows are to have
    static RowPage page(
            IndexReader reader, Optional<BytesRef> after, int limit, Collection<String> fields)
            throws IOException {
        Terms terms = MultiTerms.getTerms(reader, RowDocuments.ID);
        if (terms == null) {
            return new RowPage(List.of(), Optional.empty());
        }
        TermsEnum ids = terms.iterator();
        Bits live = MultiBits.getLiveDocs(reader);
        StoredFields stored = reader.storedFields();
        Stamps stamps = new Stamps(reader);
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
            Row row =
                    fields.isEmpty()
                            ? stamps.stamp(RowDocuments.row(stored, doc), doc)
                            : row(reader, doc, fields);
            rows.add(row);
            bytes += size(row);
        }
        return new RowPage(rows, Optional.empty());
    }

    /// Moves to the first id after one; false if there is none.
    private static boolean start(TermsEnum ids, Optional<BytesRef> after) throws IOException {
        if (after.isEmpty()) {
            return ids.next() != null;
        }
        return switch (ids.seekCeil(after.get())) {
            case FOUND -> ids.next() != null;
            case NOT_FOUND -> true;
            case END -> false;
        };
    }
}
