package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.FixedBitSet;
import org.junit.jupiter.api.Test;

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
}
