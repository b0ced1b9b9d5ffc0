package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.junit.jupiter.api.Test;

final class CollectionMergesTest {
    private static final int MIN_GRAPH_ROWS = 50;
    private static final int FLUSHES = 12;

    private static int segments(int rowsOfFlush, boolean thenIdle) throws IOException {
        TieredMergePolicy tiers = new TieredMergePolicy();
        tiers.setSegmentsPerTier(2);
        CollectionMerges merges =
                new CollectionMerges(
                        tiers, new MergePlanner(MIN_GRAPH_ROWS, 1_000_000), () -> false);
        IndexWriterConfig config = new IndexWriterConfig();
        config.setMergePolicy(merges);
        config.setMergeScheduler(new SerialMergeScheduler());
        config.setMaxFullFlushMergeWaitMillis(0);
        try (ByteBuffersDirectory directory = new ByteBuffersDirectory();
                IndexWriter writer = new IndexWriter(directory, config)) {
            for (int flush = 0; flush < FLUSHES; flush++) {
                for (int row = 0; row < rowsOfFlush; row++) {
                    Document document = new Document();
                    document.add(new StringField("id", flush + "-" + row, Field.Store.YES));
                    writer.addDocument(document);
                }
                writer.flush();
            }
            if (thenIdle) {
                merges.idle(Duration.ofSeconds(2));
                writer.maybeMerge();
            }
            try (DirectoryReader reader = DirectoryReader.open(writer)) {
                return reader.leaves().size();
            }
        }
    }

    @Test
    void aBulkLoadIsMergedWhenItIsOver() throws IOException {
        assertThat(segments(MIN_GRAPH_ROWS, false)).isEqualTo(FLUSHES);
        assertThat(segments(MIN_GRAPH_ROWS, true)).isOne();
    }

    @Test
    void smallWritesAreMergedWhileTheyCome() throws IOException {
        assertThat(segments(MIN_GRAPH_ROWS / 10, false)).isLessThan(FLUSHES / 2);
    }
}
