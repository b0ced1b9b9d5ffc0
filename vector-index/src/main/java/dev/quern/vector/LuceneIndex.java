package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.vector.fused.FusedConfig;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexCommit;
import org.apache.lucene.index.IndexNotFoundException;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.SegmentCommitInfo;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.ConstantScoreQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.MergeInfo;
import org.apache.lucene.store.NRTCachingDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.IOUtils;

/// A collection's Lucene directory: one writer, and searchers on what was last refreshed. Searches
/// and [#commit] may run at any time; [#apply], [#refresh], [#merge] and [#close] only one at a
/// time, which the caller sees to, so that no refresh sees half a batch. The caller closes it.
final class LuceneIndex implements Closeable {
    private static final double MAX_SEGMENT_MEBIBYTES = 64 << 10;
    private static final double FLOOR_SEGMENT_MEBIBYTES = 16;
    private static final double SEGMENTS_PER_TIER = 4;

    /// Files of small segments stay on the heap until the next commit: searches between single
    /// writes would otherwise map and unmap a dozen files each, and unmapping stops every thread.
    private static final double MAX_CACHED_FILE_MEBIBYTES = 1;

    private static final double MAX_CACHED_MEBIBYTES = 8;

    /// At most this much is read through and checked against its checksums when an index is opened;
    /// of a larger one only the files' ends and their metadata.
    private static final long MAX_VERIFIED_BYTES = 256L << 20;

    private final Path path;
    private final Directory directory;
    private final Analyzers.OfSchema analyzer;
    private final CommitPins pins;
    private final PooledMerges scheduler;
    private final CollectionMerges merges;
    private final IndexWriter writer;
    private final SearcherManager searchers;

    /// Milliseconds since 1970 before which no row expires.
    private volatile long firstExpiry;

    /// What a commit holds.
    ///
    /// @param files names of its files
    /// @param rows live rows
    /// @param expires milliseconds since 1970 before which none of them expires
    record Committed(Collection<String> files, long rows, long expires) {}

    private LuceneIndex(Path path, Schema schema, Optional<String> commitId, Tuning tuning)
            throws IOException {
        this.path = path;
        this.analyzer = new Analyzers.OfSchema(schema.fields());
        this.pins = new CommitPins(commitId.orElse(""));
        this.scheduler = new PooledMerges(tuning.mergePool(), tuning.mergeHelpers());
        this.merges = merges(schema.fields(), tuning);
        this.directory = new SmallFilesCache(path, tuning.graphs().minVectors());
        IndexWriter opening = null;
        try {
            IndexWriterConfig config = config(tuning);
            if (commitId.isPresent()) {
                config.setOpenMode(IndexWriterConfig.OpenMode.APPEND);
                config.setIndexCommit(commit(directory, commitId.get()));
            } else {
                config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
            }
            opening = new IndexWriter(directory, config);
            this.searchers = new SearcherManager(opening, null);
            this.writer = opening;
            noteExpiry();
            verify();
        } catch (IOException | RuntimeException e) {
            if (opening != null) {
                opening.rollback();
            }
            IOUtils.closeWhileHandlingException(directory);
            throw e;
        }
    }

    /// What an index takes from its surroundings.
    ///
    /// @param mergeHelpers as [PooledMerges] takes them
    /// @param searchesWait whether searches have more to do than threads; merges then give way
    /// @param graphs when a merge builds a graph, and which
    record Tuning(
            double ramBufferMebibytes,
            Executor mergePool,
            Executor mergeHelpers,
            BooleanSupplier searchesWait,
            FusedConfig graphs) {}

    /// Opens an index, making it empty when there is no commit to open.
    ///
    /// @param commitId the commit to start from, as given to [#commit]
    /// @throws IOException if the directory has no such commit, or a file of it is damaged
    @MustBeClosed
    static LuceneIndex open(Path path, Schema schema, Optional<String> commitId, Tuning tuning)
            throws IOException {
        Files.createDirectories(path);
        return new LuceneIndex(path, schema, commitId, tuning);
    }

    /// Keeps new small files on the heap, but none of a merge that makes a graph: blocks are walked
    /// where they are mapped.
    private static final class SmallFilesCache extends NRTCachingDirectory {
        private final int graphRows;

        SmallFilesCache(Path path, int graphRows) throws IOException {
            super(new MMapDirectory(path), MAX_CACHED_FILE_MEBIBYTES, MAX_CACHED_MEBIBYTES);
            this.graphRows = graphRows;
        }

        @Override
        protected boolean doCacheWrite(String name, IOContext context) {
            MergeInfo merge = context.mergeInfo();
            return (merge == null || merge.totalMaxDoc() < graphRows)
                    && super.doCacheWrite(name, context);
        }
    }

    /// @param schema a field that is added later and has more dimensions may make graphs too large,
    ///   which then are Lucene's
    private static CollectionMerges merges(CollectionSchema schema, Tuning tuning) {
        TieredMergePolicy tiers = new TieredMergePolicy();
        tiers.setSegmentsPerTier(SEGMENTS_PER_TIER);
        tiers.setFloorSegmentMB(FLOOR_SEGMENT_MEBIBYTES);
        tiers.setMaxMergedSegmentMB(MAX_SEGMENT_MEBIBYTES);
        FusedConfig graphs = tuning.graphs();
        long largest =
                graphs.maxVectors(
                        schema.vectors().values().stream()
                                .mapToInt(VectorField::dims)
                                .max()
                                .orElse(1));
        // Where no graph fits, Lucene's serve, of any size.
        long most = largest < graphs.minVectors() ? Long.MAX_VALUE : largest;
        return new CollectionMerges(
                tiers, new MergePlanner(graphs.minVectors(), most), tuning.searchesWait());
    }

    private IndexWriterConfig config(Tuning tuning) {
        IndexWriterConfig config = new IndexWriterConfig(analyzer);
        config.setMergePolicy(merges);
        config.setMergeScheduler(scheduler);
        config.setIndexDeletionPolicy(pins);
        config.setRAMBufferSizeMB(tuning.ramBufferMebibytes());
        config.setMaxFullFlushMergeWaitMillis(0);
        config.setCommitOnClose(false);
        config.setCodec(new VectorCodec(tuning.graphs()));
        return config;
    }

    /// Written and read as Lucene's own codec of this name; only new segments see the override.
    private static final class VectorCodec extends FilterCodec {
        private final KnnVectorsFormat vectors;

        private VectorCodec(FusedConfig graphs) {
            this(new Lucene104Codec(), graphs);
        }

        private VectorCodec(Codec lucene, FusedConfig graphs) {
            super(lucene.getName(), lucene);
            this.vectors = new QuernVectorsFormat(graphs);
        }

        @Override
        public KnnVectorsFormat knnVectorsFormat() {
            return vectors;
        }
    }

    private static IndexCommit commit(Directory directory, String commitId) throws IOException {
        for (IndexCommit commit : DirectoryReader.listCommits(directory)) {
            if (commitId.equals(commit.getUserData().get(CommitPins.COMMIT_ID))) {
                return commit;
            }
        }
        throw new IndexNotFoundException("no commit " + commitId + " in " + directory);
    }

    private void verify() throws IOException {
        long bytes = 0;
        for (String file : directory.listAll()) {
            bytes += directory.fileLength(file);
        }
        if (bytes > MAX_VERIFIED_BYTES) {
            return;
        }
        IndexSearcher searcher = searchers.acquire();
        try {
            for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
                leaf.reader().checkIntegrity();
            }
        } finally {
            searchers.release(searcher);
        }
    }

    /// Applies a batch; searches see it after [#refresh].
    ///
    /// @param token of the batch, the version of its rows
    /// @param schema has every field of the batch
    void apply(WriteBatch batch, long token, Schema schema) throws IOException {
        analyzer.use(schema.fields());
        if (!batch.deleteIds().isEmpty()) {
            writer.deleteDocuments(
                    batch.deleteIds().stream()
                            .map(id -> RowDocuments.id(id, schema))
                            .toArray(Term[]::new));
        }
        if (batch.deleteWhere().isPresent()) {
            // Wrapped, because Lucene turns a bare match-all delete into a reset of the index.
            writer.deleteDocuments(
                    new ConstantScoreQuery(
                            new FilterQueries(schema).query(batch.deleteWhere().get())));
        }
        for (Row row : batch.upserts()) {
            if (row.expires().isPresent()) {
                long expires = row.expires().get().toEpochMilli();
                firstExpiry = Math.min(firstExpiry, expires);
            }
            writer.updateDocument(
                    RowDocuments.id(row.id(), schema), RowDocuments.document(row, token, schema));
        }
    }

    /// The rows that a batch would delete of those that searches see.
    ///
    /// @param now rows that expired by then do not count
    int countDeletes(WriteBatch batch, Schema schema, Instant now) throws IOException {
        BooleanQuery.Builder gone = new BooleanQuery.Builder();
        if (!batch.deleteIds().isEmpty()) {
            List<BytesRef> ids =
                    batch.deleteIds().stream().map(id -> schema.fields().ids().term(id)).toList();
            gone.add(new TermInSetQuery(RowDocuments.ID, ids), Occur.SHOULD);
        }
        batch.deleteWhere()
                .ifPresent(where -> gone.add(new FilterQueries(schema).query(where), Occur.SHOULD));
        IndexSearcher searcher = searchers.acquire();
        try {
            return Expiry.visible(searcher, now).count(gone.build());
        } finally {
            searchers.release(searcher);
        }
    }

    /// Shows searches what was applied.
    void refresh() throws IOException {
        searchers.maybeRefreshBlocking();
        noteExpiry();
    }

    private void noteExpiry() throws IOException {
        IndexSearcher searcher = searchers.acquire();
        try {
            firstExpiry = Expiry.first(searcher.getIndexReader());
        } finally {
            searchers.release(searcher);
        }
    }

    /// Milliseconds since 1970 before which no row expires; the greatest `long` if none does.
    long firstExpiry() {
        return firstExpiry;
    }

    /// A searcher on the last refresh, to be given to [#release].
    IndexSearcher acquire() throws IOException {
        return searchers.acquire();
    }

    void release(IndexSearcher searcher) throws IOException {
        searchers.release(searcher);
    }

    /// Makes the directory durable as it is now or later: batches that are being applied may be in
    /// it in part.
    Committed commit(String commitId) throws IOException {
        // Of later batches only their own tokens tell.
        long expires = firstExpiry;
        writer.setLiveCommitData(Map.of(CommitPins.COMMIT_ID, commitId).entrySet());
        writer.commit();
        IndexCommit commit = pins.newest();
        if (commit == null || !commitId.equals(commit.getUserData().get(CommitPins.COMMIT_ID))) {
            throw new IOException("commit " + commitId + " is not the newest of " + path);
        }
        long rows = 0;
        for (SegmentCommitInfo segment :
                SegmentInfos.readCommit(directory, commit.getSegmentsFileName())) {
            rows += segment.info.maxDoc() - segment.getDelCount();
        }
        return new Committed(List.copyOf(commit.getFileNames()), rows, expires);
    }

    /// Keeps this commit until the next pin, and lets the one pinned before go.
    void pin(String commitId) throws IOException {
        pins.pin(commitId);
        writer.deleteUnusedFiles();
    }

    /// Begins what merges pay in a collection that has been idle for so long. What was applied and
    /// not shown has no segment yet.
    ///
    /// @return whether a merge is begun or was under way
    boolean merge(Duration idle) throws IOException {
        merges.idle(idle);
        writer.maybeMerge();
        scheduler.retry();
        return scheduler.isScheduled();
    }

    /// What to run after each merge from now on. It is not called while a merge runs.
    void afterMerge(Runnable listener) {
        scheduler.afterEach(listener);
    }

    /// Merges that ended since the index was opened.
    long merges() {
        return scheduler.done();
    }

    /// Whether a merge runs or waits for a thread.
    boolean isMerging() {
        return scheduler.isScheduled();
    }

    /// Where the files lie.
    Path path() {
        return path;
    }

    /// Drops what was not committed. Searchers that are out stay usable until released.
    @Override
    public void close() throws IOException {
        IOUtils.close(searchers, writer::rollback, directory);
    }
}
