package dev.quern.vector.fused;

import java.io.IOException;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.search.DocIdSetIterator;

/// The ordinals of those documents that have a vector. Used by one thread.
final class Ordinals extends DocIdSetIterator {
    private final DocIdSetIterator documents;
    private final KnnVectorValues.DocIndexIterator vectors;
    private int ordinal = -1;

    private Ordinals(DocIdSetIterator documents, KnnVectorValues.DocIndexIterator vectors) {
        this.documents = documents;
        this.vectors = vectors;
    }

    /// The documents themselves where every one has a vector.
    static DocIdSetIterator of(DocIdSetIterator documents, FloatVectorValues values) {
        int last = values.size() - 1;
        return values.ordToDoc(last) == last
                ? documents
                : new Ordinals(documents, values.iterator());
    }

    @Override
    public int docID() {
        return ordinal;
    }

    @Override
    public int nextDoc() throws IOException {
        int document = documents.nextDoc();
        while (document != NO_MORE_DOCS) {
            int at = vectors.docID() < document ? vectors.advance(document) : vectors.docID();
            if (at == document) {
                ordinal = vectors.index();
                return ordinal;
            }
            document = documents.nextDoc();
        }
        ordinal = NO_MORE_DOCS;
        return ordinal;
    }

    @Override
    public int advance(int target) throws IOException {
        return slowAdvance(target);
    }

    @Override
    public long cost() {
        return documents.cost();
    }
}
