package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.util.VectorUtil;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WalkHitsTest {
    private static final int ROWS = 2_500;
    private static final int K = 10;

    @TempDir Path directory;

    /// Narrow walks that end by a limit, one that keeps a pool for its many visits, and those that
    /// have no limit.
    @ParameterizedTest
    @CsvSource({
        "EUCLIDEAN,260,40",
        "EUCLIDEAN,260,300",
        "EUCLIDEAN,100,40",
        "COSINE,384,40",
        "DOT_PRODUCT,256,40",
        "MAXIMUM_INNER_PRODUCT,260,40"
    })
    void haveTheDistancesOfTheVectors(VectorSimilarityFunction similarity, int dims, int width) {
        FusedSeed.run(random -> {
            float[][] all = FusedSeed.clustered(random, ROWS + 1, dims, 30);
            if (similarity == VectorSimilarityFunction.DOT_PRODUCT) {
                for (float[] vector : all) {
                    VectorUtil.l2normalize(vector);
                }
            }
            float[] query = all[ROWS];
            try (GraphRig rig = new GraphRig(directory, similarity, 500)) {
                for (int i = 0; i < ROWS; i++) {
                    rig.add(i, all[i]);
                }
                rig.writer.flush();
                rig.add(ROWS, all[0]);
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    LeafReader leaf = reader.leaves().getFirst().reader();
                    WalkHits hits = new WalkHits(K, new FusedStrategy(width), () -> false);
                    search(leaf, query, hits);
                    assertThat(hits.hasDistances()).isTrue();
                    assertThat(hits.size()).isEqualTo(K);
                    check(leaf, similarity, query, hits);
                }
            }
        });
    }

    private static void search(LeafReader leaf, float[] query, WalkHits hits) throws IOException {
        leaf.searchNearestVectors(
                GraphRig.VECTOR, query, hits, AcceptDocs.fromLiveDocs(null, leaf.maxDoc()));
    }

    private static void check(
            LeafReader leaf, VectorSimilarityFunction similarity, float[] query, WalkHits hits)
            throws IOException {
        FloatVectorValues values = leaf.getFloatVectorValues(GraphRig.VECTOR);
        ScoreDoc[] scored = hits.topDocs().scoreDocs;
        assertThat(scored).hasSize(K);
        for (int i = 0; i < K; i++) {
            float[] vector = values.vectorValue(hits.document(i));
            double exact =
                    switch (similarity) {
                        case EUCLIDEAN -> VectorUtil.squareDistance(query, vector);
                        case COSINE -> -VectorUtil.cosine(query, vector);
                        case DOT_PRODUCT, MAXIMUM_INNER_PRODUCT ->
                                -VectorUtil.dotProduct(query, vector);
                    };
            assertThat((double) hits.distance(i))
                    .isCloseTo(exact, within(1e-5 * (1 + Math.abs(exact))));
            assertThat(i == 0 || hits.distance(i - 1) <= hits.distance(i)).isTrue();
            float score = similarity.compare(query, vector);
            assertThat(scored[i].score).isCloseTo(score, within(1e-5f * (1 + score)));
        }
    }

    @ParameterizedTest
    @CsvSource({"EUCLIDEAN", "COSINE"})
    void giveWhatThereIsWhenTheTimeIsOver(VectorSimilarityFunction similarity) {
        FusedSeed.run(random -> {
            float[][] all = FusedSeed.clustered(random, ROWS, 260, 30);
            try (GraphRig rig = new GraphRig(directory, similarity, 500)) {
                rig.addAll(all);
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    int[] looks = new int[1];
                    WalkHits hits = new WalkHits(K, new FusedStrategy(200), () -> looks[0]++ == 1);
                    search(reader.leaves().getFirst().reader(), all[0], hits);
                    assertThat(hits.hasDistances()).isTrue();
                    assertThat(hits.size()).isEqualTo(K);
                    assertThat(hits.visitedCount()).isBetween((long) K, 20L);
                }
            }
        });
    }
}
