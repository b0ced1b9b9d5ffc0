package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.FixedBitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FilterCacheTest {
    private static final int DOCUMENTS = 2_000;

    private static Query filter(int number) {
        return new TermQuery(new Term("f", Integer.toString(number)));
    }

    private interface Body {
        void run(LeafReaderContext leaf) throws IOException;
    }

    private static void withLeaf(int documents, Body body) throws IOException {
        try (ByteBuffersDirectory files = new ByteBuffersDirectory();
                IndexWriter writer = new IndexWriter(files, new IndexWriterConfig())) {
            for (int i = 0; i < documents; i++) {
                writer.addDocument(new Document());
            }
            try (DirectoryReader reader = DirectoryReader.open(writer)) {
                body.run(reader.leaves().getFirst());
            }
        }
    }

    @Test
    void keepsSetsUntilTheirSegmentCloses() throws IOException {
        FilterCache cache = new FilterCache(1 << 20);
        withLeaf(
                DOCUMENTS,
                leaf -> {
                    FixedBitSet set = new FixedBitSet(DOCUMENTS);
                    set.set(7);
                    cache.keep(leaf, filter(1), set);
                    assertThat(cache.find(leaf, filter(1))).containsSame(set);
                    assertThat(cache.find(leaf, filter(2))).isEmpty();
                    assertThat(cache.bytes()).isBetween(DOCUMENTS / 8L, DOCUMENTS / 8L + 2_000);
                });
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void staysWithinItsBound() throws IOException {
        withLeaf(
                DOCUMENTS,
                leaf -> {
                    FilterCache cache = new FilterCache(10_000);
                    for (int i = 0; i < 100; i++) {
                        cache.keep(leaf, filter(i), new FixedBitSet(DOCUMENTS));
                        assertThat(cache.bytes()).isLessThanOrEqualTo(10_000);
                        assertThat(cache.find(leaf, filter(i))).isPresent();
                    }
                    assertThat(cache.find(leaf, filter(0))).isEmpty();
                });
    }

    @Test
    void passesOverSmallSegmentsAndLargeSets() throws IOException {
        FilterCache tiny = new FilterCache(100);
        FilterCache off = new FilterCache(0);
        withLeaf(
                DOCUMENTS,
                leaf -> {
                    tiny.keep(leaf, filter(1), new FixedBitSet(DOCUMENTS));
                    assertThat(tiny.find(leaf, filter(1))).isEmpty();
                });
        withLeaf(
                10,
                leaf -> {
                    FilterCache cache = new FilterCache(1 << 20);
                    cache.keep(leaf, filter(1), new FixedBitSet(10));
                    assertThat(cache.bytes()).isZero();
                });
        assertThat(off.isRepeated(filter(1))).isFalse();
        assertThat(off.isRepeated(filter(1))).isFalse();
    }

    @Test
    void knowsFiltersThatComeAgain() {
        FilterCache cache = new FilterCache(1 << 20);
        assertThat(cache.isRepeated(filter(1))).isFalse();
        assertThat(cache.isRepeated(filter(1))).isTrue();
        for (int i = 10; i < 2_000; i++) {
            assertThat(cache.isRepeated(filter(i))).isFalse();
        }
        assertThat(cache.isRepeated(filter(1))).isFalse();
    }

    /// Kept sets stay true while rows are deleted, replaced under their ids and merged.
    @Test
    void keptSetsFollowDeletesUpdatesAndMerges(@TempDir Path directory) {
        Seed.run(random -> {
            Schema schema = Rig.schema(2, Metric.L2, Map.of("n", AttributeType.LONG));
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            16,
                            Runnable::run,
                            Runnable::run,
                            () -> false,
                            new FusedConfig(500, 1L << 30, 1));
            DenseLeg.Means means = DenseLeg.Means.of(SearchConfig.defaults().comparing(0));
            Map<String, Long> rows = new TreeMap<>();
            Path place = directory.resolve("run" + System.nanoTime());
            try (LuceneIndex index = LuceneIndex.open(place, schema, Optional.empty(), tuning)) {
                WriteCheck check = new WriteCheck(schema);
                for (int step = 0; step < 16; step++) {
                    List<Row> written = new ArrayList<>();
                    for (int i = 0; i < (step == 0 ? 4_000 : 300); i++) {
                        String id = "r" + (step == 0 ? i : random.nextInt(4_000));
                        long n = random.nextInt(10);
                        rows.put(id, n);
                        float[] vector = {random.nextFloat(), random.nextFloat()};
                        written.add(new Row(id, Optional.empty(), vector, Map.of("n", n)));
                    }
                    index.apply(check.check(WriteBatch.upsert(written)), step + 1, schema);
                    List<String> gone = List.copyOf(rows.keySet()).subList(step, 3 * step);
                    if (step % 2 == 1) {
                        index.apply(WriteBatch.delete(gone), step + 1, schema);
                        gone.forEach(rows::remove);
                    }
                    index.refresh();
                    if (step % 4 == 0) {
                        index.merge(Duration.ofDays(1));
                        index.refresh();
                    }
                    compare(index, schema, means, rows);
                }
                assertThat(means.filters().bytes()).isPositive();
            }
        });
    }

    private static void compare(
            LuceneIndex index, Schema schema, DenseLeg.Means means, Map<String, Long> rows)
            throws IOException {
        IndexSearcher searcher = index.acquire();
        try {
            for (long n = 0; n < 3; n++) {
                long wanted = n;
                SearchSpec spec =
                        SearchSpec.dense(new float[] {0, 0}, 1_000).where(new Filter.Eq("n", n));
                assertThat(new Search(schema, spec, means).run(searcher).hits())
                        .extracting(hit -> hit.row().id())
                        .containsExactlyInAnyOrderElementsOf(
                                rows.keySet().stream()
                                        .filter(id -> Long.valueOf(wanted).equals(rows.get(id)))
                                        .toList());
            }
        } finally {
            index.release(searcher);
        }
    }
}
