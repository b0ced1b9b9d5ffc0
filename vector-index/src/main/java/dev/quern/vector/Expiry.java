package dev.quern.vector;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterDirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PointValues;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.LiveDocs;
import org.jspecify.annotations.Nullable;

/// Rows that expire: hides those whose time is over from everything that reads an index, until they
/// are deleted from it. An index without such rows is read as it is, at the cost of one look at the
/// least time of each segment.
final class Expiry {
    private Expiry() {}

    /// The least times at which a live row of a segment expires, by the segment's reader: found
    /// once there is a row in it that expired, which may be a deleted one. As many as there are
    /// readers open.
    private static final Map<Object, Long> LIVE = new ConcurrentHashMap<>();

    /// A time in milliseconds since 1970 before which no row of a reader expires; the greatest
    /// `long` if none does.
    static long first(IndexReader reader) throws IOException {
        long first = Long.MAX_VALUE;
        for (LeafReaderContext leaf : reader.leaves()) {
            first = Math.min(first, first(leaf.reader()));
        }
        return first;
    }

    /// Whether a live row expired.
    static boolean isAny(IndexReader reader, Instant now) throws IOException {
        for (LeafReaderContext leaf : reader.leaves()) {
            if (isAny(leaf.reader(), now)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAny(LeafReader leaf, Instant now) throws IOException {
        long until = now.toEpochMilli();
        if (first(leaf) > until) {
            return false;
        }
        IndexReader.CacheHelper helper = leaf.getReaderCacheHelper();
        Long known = helper == null ? null : LIVE.get(helper.getKey());
        if (known == null) {
            known = firstLive(leaf);
            if (helper != null && LIVE.put(helper.getKey(), known) == null) {
                helper.addClosedListener(LIVE::remove);
            }
        }
        return known <= until;
    }

    /// The least time of a live row. Points are visited in the order of their values.
    private static long firstLive(LeafReader leaf) throws IOException {
        Bits live = leaf.getLiveDocs();
        long[] first = {Long.MAX_VALUE};
        leaf.getPointValues(RowDocuments.EXPIRES)
                .intersect(
                        new PointValues.IntersectVisitor() {
                            @Override
                            public void visit(int doc) {
                                throw new IllegalStateException("no cell is taken whole");
                            }

                            @Override
                            public void visit(int doc, byte[] time) {
                                if (live == null || live.get(doc)) {
                                    first[0] =
                                            Math.min(first[0], LongPoint.decodeDimension(time, 0));
                                }
                            }

                            @Override
                            public PointValues.Relation compare(byte[] min, byte[] max) {
                                return LongPoint.decodeDimension(min, 0) >= first[0]
                                        ? PointValues.Relation.CELL_OUTSIDE_QUERY
                                        : PointValues.Relation.CELL_CROSSES_QUERY;
                            }
                        });
        return first[0];
    }

    private static long first(LeafReader leaf) throws IOException {
        if (leaf.getFieldInfos().fieldInfo(RowDocuments.EXPIRES) == null) {
            return Long.MAX_VALUE;
        }
        PointValues times = leaf.getPointValues(RowDocuments.EXPIRES);
        return times == null
                ? Long.MAX_VALUE
                : LongPoint.decodeDimension(times.getMinPackedValue(), 0);
    }

    /// What is there at a moment: the searcher itself if nothing expired, else one on a view, which
    /// needs no release of its own and lives as long as the searcher.
    static IndexSearcher visible(IndexSearcher shown, Instant now) throws IOException {
        IndexReader reader = shown.getIndexReader();
        if (!isAny(reader, now)) {
            return shown;
        }
        try {
            return new IndexSearcher(new View((DirectoryReader) reader, now));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /// Takes a reference on what a searcher reads that outlives the searcher's release.
    ///
    /// @return gives it back
    static Closeable hold(IndexReader reader) {
        IndexReader held = reader instanceof View view ? view.getDelegate() : reader;
        held.incRef();
        return held::decRef;
    }

    /// Ids of rows that expired.
    ///
    /// @param max how many at most
    static List<String> expired(IndexSearcher shown, Instant now, int max, IdType ids)
            throws IOException {
        IndexReader reader = shown.getIndexReader();
        List<Integer> docs = new ArrayList<>();
        for (LeafReaderContext leaf : reader.leaves()) {
            Optional<FixedBitSet> expired = expired(leaf.reader(), now);
            if (expired.isEmpty()) {
                continue;
            }
            Bits live = leaf.reader().getLiveDocs();
            if (live != null) {
                live.applyMask(expired.get(), 0);
            }
            BitSetIterator each = new BitSetIterator(expired.get(), 0);
            while (docs.size() < max && each.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
                docs.add(leaf.docBase + each.docID());
            }
        }
        return List.copyOf(RowReader.ids(reader, docs, ids).values());
    }

    /// The documents of a segment that expired, deleted ones included; empty if there are none.
    private static Optional<FixedBitSet> expired(LeafReader leaf, Instant now) throws IOException {
        if (!isAny(leaf, now)) {
            return Optional.empty();
        }
        long until = now.toEpochMilli();
        FixedBitSet expired = new FixedBitSet(leaf.maxDoc());
        leaf.getPointValues(RowDocuments.EXPIRES)
                .intersect(
                        new PointValues.IntersectVisitor() {
                            @Override
                            public void visit(int doc) {
                                expired.set(doc);
                            }

                            @Override
                            public void visit(int doc, byte[] time) {
                                if (LongPoint.decodeDimension(time, 0) <= until) {
                                    expired.set(doc);
                                }
                            }

                            @Override
                            public PointValues.Relation compare(byte[] min, byte[] max) {
                                if (LongPoint.decodeDimension(min, 0) > until) {
                                    return PointValues.Relation.CELL_OUTSIDE_QUERY;
                                }
                                return LongPoint.decodeDimension(max, 0) <= until
                                        ? PointValues.Relation.CELL_INSIDE_QUERY
                                        : PointValues.Relation.CELL_CROSSES_QUERY;
                            }
                        });
        return Optional.of(expired);
    }

    /// A reader without the rows that expired.
    private static final class View extends FilterDirectoryReader {
        private final Instant now;

        View(DirectoryReader in, Instant now) throws IOException {
            super(
                    in,
                    new SubReaderWrapper() {
                        @Override
                        public LeafReader wrap(LeafReader leaf) {
                            try {
                                return Segment.of(leaf, now);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        }
                    });
            this.now = now;
        }

        @Override
        protected DirectoryReader doWrapDirectoryReader(DirectoryReader other) throws IOException {
            return new View(other, now);
        }

        @Override
        public @Nullable CacheHelper getReaderCacheHelper() {
            return null;
        }
    }

    /// A segment without the rows that expired.
    private static final class Segment extends FilterLeafReader {
        private final FixedBitSet live;
        private final int rows;

        private Segment(LeafReader in, FixedBitSet live) {
            super(in);
            this.live = live;
            this.rows = live.cardinality();
        }

        static LeafReader of(LeafReader leaf, Instant now) throws IOException {
            Optional<FixedBitSet> expired = expired(leaf, now);
            if (expired.isEmpty()) {
                return leaf;
            }
            FixedBitSet live = expired.get();
            live.flip(0, leaf.maxDoc());
            Bits before = leaf.getLiveDocs();
            if (before != null) {
                before.applyMask(live, 0);
            }
            return new Segment(leaf, live);
        }

        @Override
        public Bits getLiveDocs() {
            return live.asReadOnlyBits();
        }

        @Override
        public @Nullable LiveDocs getLiveDocsWithDeletedIterator() {
            return null;
        }

        @Override
        public int numDocs() {
            return rows;
        }

        @Override
        public CacheHelper getCoreCacheHelper() {
            return in.getCoreCacheHelper();
        }

        @Override
        public @Nullable CacheHelper getReaderCacheHelper() {
            return null;
        }
    }
}
