package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BytesRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Segments of versions that knew Lucene's format of vectors only.
final class OldSegmentsTest {
    private static final int DIMS = 12;
    private static final int ROWS = 7_000;
    private static final String COMMIT = "0123456789abcdef";

    private static final Schema SCHEMA =
            Rig.schema(DIMS, Metric.L2, Map.of("n", AttributeType.LONG));

    @TempDir Path directory;

    @Test
    void areSearchedAndMergedIntoFusedGraphs() {
        Seed.run(random -> {
            writeAsBefore(random);
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            1, Runnable::run, Runnable::run, () -> false, FusedConfig.DEFAULTS);
            try (LuceneIndex index =
                    LuceneIndex.open(directory, SCHEMA, Optional.of(COMMIT), tuning)) {
                CollectionStats before = check(index, random);
                assertThat(before.rows()).isEqualTo(ROWS);
                assertThat(before.hnswRows()).isGreaterThan(ROWS / 2);
                assertThat(before.fusedRows()).isZero();
                assertThat(version(index, 5)).isEqualTo(Row.UNVERSIONED);
                int next = ROWS;
                while (stats(index).hnswRows() > 0) {
                    assertThat(next).isLessThan(20 * ROWS);
                    next = write(index, random, next);
                }
                assertThat(check(index, random).fusedRows()).isGreaterThan(ROWS);
                assertThat(version(index, 5)).isEqualTo(Row.UNVERSIONED);
                assertThat(version(index, next - 1)).isEqualTo(next - 1);
            }
        });
    }

    /// As the version before did: no graph for flushed segments, Lucene's for merged ones.
    private void writeAsBefore(RandomGenerator random) throws IOException {
        KnnVectorsFormat flushed = new Lucene99HnswVectorsFormat(16, 100, 1, null, 1 << 28);
        KnnVectorsFormat merged = new Lucene99HnswVectorsFormat(16, 100, 1, null, 600);
        try (Directory files = new MMapDirectory(directory)) {
            try (IndexWriter writer = writer(files, flushed, false)) {
                add(writer, random, 0, 3_000);
                writer.flush();
                add(writer, random, 3_000, 6_500);
            }
            try (IndexWriter writer = writer(files, merged, false)) {
                writer.forceMerge(1);
            }
            try (IndexWriter writer = writer(files, flushed, true)) {
                add(writer, random, 6_500, ROWS);
                writer.setLiveCommitData(Map.of(CommitPins.COMMIT_ID, COMMIT).entrySet());
            }
        }
    }

    private static IndexWriter writer(Directory files, KnnVectorsFormat format, boolean last)
            throws IOException {
        IndexWriterConfig config = new IndexWriterConfig(new EnglishAnalyzer());
        config.setUseCompoundFile(last);
        config.setCodec(
                new Lucene104Codec() {
                    @Override
                    public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                        return format;
                    }
                });
        return new IndexWriter(files, config);
    }

    private static void add(IndexWriter writer, RandomGenerator random, int from, int to)
            throws IOException {
        for (int i = from; i < to; i++) {
            Document row = RowDocuments.document(row(random, i), i, SCHEMA);
            row.removeField(RowDocuments.VERSION);
            writer.addDocument(row);
        }
    }

    private static Row row(RandomGenerator random, int i) {
        return new Row("r" + i, Optional.empty(), vector(random), Map.of("n", (long) i));
    }

    private static float[] vector(RandomGenerator random) {
        float[] vector = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    private static int write(LuceneIndex index, RandomGenerator random, int from)
            throws IOException {
        int to = from + 1_000;
        for (int i = from; i < to; i++) {
            index.apply(WriteBatch.upsert(List.of(row(random, i))), i, SCHEMA);
        }
        index.refresh();
        return to;
    }

    private static long version(LuceneIndex index, int row) throws IOException {
        IndexSearcher searcher = index.acquire();
        try {
            return RowReader.find(searcher.getIndexReader(), new BytesRef("r" + row), List.of())
                    .orElseThrow()
                    .version();
        } finally {
            index.release(searcher);
        }
    }

    private static CollectionStats stats(LuceneIndex index) throws IOException {
        IndexSearcher searcher = index.acquire();
        try {
            return CollectionStats.of(searcher.getIndexReader(), SCHEMA, false);
        } finally {
            index.release(searcher);
        }
    }

    private static CollectionStats check(LuceneIndex index, RandomGenerator random)
            throws IOException {
        long found = 0;
        IndexSearcher searcher = index.acquire();
        try {
            for (int i = 0; i < 40; i++) {
                float[] query = vector(random);
                List<String> exact = ids(searcher, query, true);
                found += ids(searcher, query, false).stream().filter(exact::contains).count();
            }
            assertThat(found).isGreaterThanOrEqualTo(380);
            return CollectionStats.of(searcher.getIndexReader(), SCHEMA, false);
        } finally {
            index.release(searcher);
        }
    }

    private static List<String> ids(IndexSearcher searcher, float[] query, boolean exact)
            throws IOException {
        SearchSpec spec = SearchSpec.of(List.of(new Leg.Dense(query, exact)), Optional.empty(), 10);
        SearchOutcome outcome = new Search(SCHEMA, spec, Rig.MEANS).run(searcher);
        return outcome.hits().stream().map(hit -> hit.row().id()).toList();
    }
}
