package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.lucene.document.BinaryDocValuesField;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class IdCacheTest {
    private static final int DOCUMENTS = 10_000;

    private interface Body {
        void run(LeafReaderContext leaf) throws IOException;
    }

    private static String id(IdType type, int i) {
        return switch (type) {
            // One in a thousand is too long to be kept, and some are of two bytes a character.
            case STRING -> i % 1_000 == 17 ? "ä".repeat(i % 200 + 33) : "é" + i;
            case UINT64 -> Long.toUnsignedString(-i);
        };
    }

    private static void withLeaf(IdType type, int documents, Body body) throws IOException {
        try (ByteBuffersDirectory files = new ByteBuffersDirectory();
                IndexWriter writer = new IndexWriter(files, new IndexWriterConfig())) {
            for (int i = 0; i < documents; i++) {
                Document document = new Document();
                document.add(new BinaryDocValuesField(RowDocuments.ID, type.term(id(type, i))));
                writer.addDocument(document);
            }
            writer.forceMerge(1);
            try (DirectoryReader reader = DirectoryReader.open(writer)) {
                body.run(reader.leaves().getFirst());
            }
        }
    }

    /// Looks up ids as searches do, a few in ascending order each.
    private static void look(IdCache cache, LeafReaderContext leaf, IdType type)
            throws IOException {
        List<Integer> documents = new ArrayList<>();
        for (int i = 0; i < leaf.reader().maxDoc(); i++) {
            documents.add(i);
        }
        Collections.shuffle(documents, Seed.random(7));
        for (int from = 0; from + 10 <= documents.size(); from += 10) {
            List<Integer> some = new ArrayList<>(documents.subList(from, from + 10));
            some.sort(null);
            IdCache.Ids ids = cache.of(leaf);
            for (int doc : some) {
                assertThat(ids.text(doc, type)).isEqualTo(id(type, doc));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void givesEveryIdUntilItsSegmentCloses(IdType type) throws IOException {
        IdCache cache = new IdCache(1 << 20);
        withLeaf(
                type,
                DOCUMENTS,
                leaf -> {
                    look(cache, leaf, type);
                    assertThat(cache.bytes()).isBetween(1L, 1L << 20);
                    long kept = cache.bytes();
                    look(cache, leaf, type);
                    assertThat(cache.bytes()).isEqualTo(kept);
                });
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void staysWithinItsBound() throws IOException {
        IdCache small = new IdCache(30_000);
        IdCache off = new IdCache(0);
        withLeaf(
                IdType.UINT64,
                DOCUMENTS,
                leaf -> {
                    look(small, leaf, IdType.UINT64);
                    look(off, leaf, IdType.UINT64);
                    assertThat(small.bytes()).isBetween(1L, 30_000L);
                    assertThat(off.bytes()).isZero();
                });
    }

    @Test
    void passesOverSmallSegments() throws IOException {
        IdCache cache = new IdCache(1 << 20);
        withLeaf(
                IdType.STRING,
                1_000,
                leaf -> {
                    look(cache, leaf, IdType.STRING);
                    assertThat(cache.bytes()).isZero();
                });
    }
}
