package dev.quern.vector;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.ReaderUtil;

/// Reads versions and expiry times of documents, quickest in ascending order. Not thread-safe.
final class Stamps {
    private final IndexReader reader;
    private int base;
    private int end;
    private int last;
    private NumericDocValues versions = DocValues.emptyNumeric();
    private NumericDocValues expiries = DocValues.emptyNumeric();

    Stamps(IndexReader reader) {
        this.reader = reader;
    }

    /// The row with the version and the expiry of its document.
    Row stamp(Row row, int doc) throws IOException {
        seek(doc);
        return row.stamped(version(), expires());
    }

    /// Moves to a document.
    private void seek(int doc) throws IOException {
        if (doc < last || doc >= end) {
            LeafReaderContext leaf = reader.leaves().get(ReaderUtil.subIndex(doc, reader.leaves()));
            base = leaf.docBase;
            end = base + leaf.reader().maxDoc();
            versions = DocValues.getNumeric(leaf.reader(), RowDocuments.VERSION);
            expiries = DocValues.getNumeric(leaf.reader(), RowDocuments.EXPIRES);
        }
        last = doc;
    }

    private long version() throws IOException {
        return versions.advanceExact(last - base) ? versions.longValue() : Row.UNVERSIONED;
    }

    private Optional<Instant> expires() throws IOException {
        return expiries.advanceExact(last - base)
                ? Optional.of(Instant.ofEpochMilli(expiries.longValue()))
                : Optional.empty();
    }
}
