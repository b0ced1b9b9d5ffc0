package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import org.apache.lucene.document.IntField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.Query;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The graph against comparing all, on clusters of near neighbours.
final class FusedGraphTest {
    private static final int ROWS = 3_000;
    private static final int QUERIES = 40;
    private static final int K = 10;
    private static final int WIDTH = 100;

    /// Narrow enough that half of the rows are walked for, not compared one by one.
    private static final int FILTERED_WIDTH = 50;

    @TempDir Path directory;

    @AfterEach
    void restore() {
        HotMemory.limit(Runtime.getRuntime().maxMemory() / 2);
    }

    private static float[][] vectors(
            RandomGenerator random, int count, int dims, VectorSimilarityFunction similarity) {
        float[][] vectors = FusedSeed.clustered(random, count, dims, 60);
        if (similarity == VectorSimilarityFunction.DOT_PRODUCT) {
            for (float[] vector : vectors) {
                float scale = FusedWriter.unitScale(vector);
                for (int i = 0; i < dims; i++) {
                    vector[i] *= scale;
                }
            }
        }
        return vectors;
    }

    private static float[][] head(float[][] vectors, int count) {
        return Arrays.copyOf(vectors, count);
    }

    @ParameterizedTest
    @CsvSource({
        "EUCLIDEAN,7",
        "EUCLIDEAN,64",
        "EUCLIDEAN,100",
        "EUCLIDEAN,384",
        "EUCLIDEAN,768",
        "DOT_PRODUCT,64",
        "DOT_PRODUCT,100",
        "DOT_PRODUCT,384",
        "MAXIMUM_INNER_PRODUCT,7",
        "MAXIMUM_INNER_PRODUCT,100",
        "MAXIMUM_INNER_PRODUCT,768",
        "COSINE,100"
    })
    void findsNearlyAllOfTheNearest(VectorSimilarityFunction similarity, int dims) {
        FusedSeed.run(random -> {
            float[][] all = vectors(random, ROWS + QUERIES, dims, similarity);
            try (GraphRig rig = new GraphRig(directory, similarity, 1_000)) {
                rig.addAll(head(all, ROWS));
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    assertThat(GraphRig.vertices(reader)).isEqualTo(ROWS);
                    double recall = recall(reader, all, similarity, i -> true, null);
                    assertThat(recall).isGreaterThanOrEqualTo(0.95);
                }
            }
        });
    }

    private static double recall(
            DirectoryReader reader,
            float[][] all,
            VectorSimilarityFunction similarity,
            IntPredicate accepted,
            @Nullable Query filter)
            throws IOException {
        int found = 0;
        int wanted = 0;
        for (int q = ROWS; q < ROWS + QUERIES; q++) {
            Set<Integer> exact = GraphRig.nearest(head(all, ROWS), similarity, all[q], K, accepted);
            int width = filter == null ? WIDTH : FILTERED_WIDTH;
            List<Integer> walked = GraphRig.search(reader, all[q], K, width, filter);
            assertThat(walked).allMatch(accepted::test).hasSizeLessThanOrEqualTo(K);
            assertThat(new HashSet<>(walked)).hasSameSizeAs(walked);
            wanted += exact.size();
            exact.retainAll(walked);
            found += exact.size();
        }
        return found / (double) wanted;
    }

    @ParameterizedTest
    @EnumSource(VectorSimilarityFunction.class)
    void holdsUnderDeletesFiltersAndMerges(VectorSimilarityFunction similarity) {
        FusedSeed.run(random -> {
            float[][] all = vectors(random, ROWS + QUERIES, 48, similarity);
            try (GraphRig rig = new GraphRig(directory, similarity, 500)) {
                rig.addAll(head(all, ROWS));
                rig.writer.forceMerge(1);
                rig.writer.deleteDocuments(IntField.newRangeQuery(GraphRig.NUMBER, 0, ROWS / 5));
                IntPredicate alive = i -> i > ROWS / 5;
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    assertThat(recall(reader, all, similarity, alive, null))
                            .isGreaterThanOrEqualTo(0.95);
                    filtered(reader, all, similarity, alive);
                }
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    assertThat(recall(reader, all, similarity, alive, null))
                            .isGreaterThanOrEqualTo(0.95);
                    filtered(reader, all, similarity, alive);
                    keepsVectors(reader, all);
                }
            }
        });
    }

    private static void filtered(
            DirectoryReader reader,
            float[][] all,
            VectorSimilarityFunction similarity,
            IntPredicate alive)
            throws IOException {
        for (int rows : new int[] {ROWS / 2, ROWS / 20, ROWS / 200}) {
            int first = ROWS - rows;
            double recall =
                    recall(
                            reader,
                            all,
                            similarity,
                            alive.and(i -> i >= first),
                            IntField.newRangeQuery(GraphRig.NUMBER, first, ROWS));
            assertThat(recall).as("%d rows pass", rows).isGreaterThanOrEqualTo(0.95);
        }
    }

    private static void keepsVectors(DirectoryReader reader, float[][] all) throws IOException {
        LeafReader leaf = reader.leaves().getFirst().reader();
        FloatVectorValues values = leaf.getFloatVectorValues(GraphRig.VECTOR);
        for (int ord = 0; ord < values.size(); ord++) {
            int number =
                    leaf.storedFields()
                            .document(values.ordToDoc(ord))
                            .getField(GraphRig.NUMBER)
                            .numericValue()
                            .intValue();
            assertThat(values.vectorValue(ord)).isEqualTo(all[number]);
        }
    }

    @Test
    void holdsAfterTenRoundsOfReplacingATenth() {
        FusedSeed.run(random -> {
            VectorSimilarityFunction similarity = VectorSimilarityFunction.EUCLIDEAN;
            float[][] all = vectors(random, ROWS + QUERIES, 48, similarity);
            try (GraphRig rig = new GraphRig(directory, similarity, 500)) {
                rig.addAll(head(all, ROWS));
                rig.writer.forceMerge(1);
                for (int round = 0; round < 10; round++) {
                    int first = round * ROWS / 10;
                    int last = first + ROWS / 10 - 1;
                    rig.writer.deleteDocuments(
                            IntField.newRangeQuery(GraphRig.NUMBER, first, last));
                    for (int i = first; i <= last; i++) {
                        all[i] = FusedSeed.gaussian(random, all[random.nextInt(ROWS)], 0.3);
                        rig.add(i, all[i]);
                    }
                    rig.writer.forceMerge(1);
                }
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    assertThat(recall(reader, all, similarity, i -> true, null))
                            .isGreaterThanOrEqualTo(0.95);
                    for (int i = 0; i < ROWS; i += 7) {
                        assertThat(GraphRig.search(reader, all[i], 1, WIDTH, null))
                                .containsExactly(i);
                    }
                }
            }
        });
    }

    @Test
    void findsRowsThatAFilterThatAvoidsTheQueryLets() {
        FusedSeed.run(random -> {
            VectorSimilarityFunction similarity = VectorSimilarityFunction.EUCLIDEAN;
            float[][] all = FusedSeed.clustered(random, ROWS + QUERIES, 32, 30);
            try (GraphRig rig = new GraphRig(directory, similarity, 500)) {
                // Numbered by the distance to the first query, so that a range is a shell.
                float[] query = all[ROWS];
                Arrays.sort(
                        all,
                        0,
                        ROWS,
                        Comparator.comparingDouble(v -> -similarity.compare(query, v)));
                rig.addAll(head(all, ROWS));
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    int first = ROWS / 4;
                    Query far = IntField.newRangeQuery(GraphRig.NUMBER, first, ROWS);
                    Set<Integer> exact =
                            GraphRig.nearest(
                                    head(all, ROWS), similarity, query, K, i -> i >= first);
                    exact.removeAll(GraphRig.search(reader, query, K, FILTERED_WIDTH, far));
                    assertThat(exact).hasSizeLessThanOrEqualTo(1);
                }
            }
        });
    }

    @Test
    void givesTheSameWithAndWithoutCopies() {
        FusedSeed.run(random -> {
            VectorSimilarityFunction similarity = VectorSimilarityFunction.DOT_PRODUCT;
            float[][] all = vectors(random, ROWS, 100, similarity);
            try (GraphRig rig = new GraphRig(directory, similarity, 500)) {
                rig.addAll(all);
                rig.writer.forceMerge(1);
                rig.writer.commit();
            }
            long before = HotMemory.usedBytes();
            List<List<Integer>> hot = answers(all);
            assertThat(HotMemory.usedBytes()).isEqualTo(before);
            HotMemory.limit(0);
            assertThat(answers(all)).isEqualTo(hot);
        });
    }

    private List<List<Integer>> answers(float[][] queries) throws IOException {
        List<List<Integer>> answers = new ArrayList<>();
        try (Directory files = new MMapDirectory(directory);
                DirectoryReader reader = DirectoryReader.open(files)) {
            for (int q = 0; q < 100; q++) {
                answers.add(GraphRig.search(reader, queries[q], K, 40, null));
            }
        }
        return answers;
    }

    @Test
    void survivesEqualVectors() {
        FusedSeed.run(random -> {
            float[][] all = FusedSeed.clustered(random, ROWS, 16, 5);
            for (int i = 0; i < ROWS; i += 2) {
                all[i] = all[0];
            }
            try (GraphRig rig = new GraphRig(directory, VectorSimilarityFunction.EUCLIDEAN, 500)) {
                rig.addAll(all);
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    int found = 0;
                    for (int i = 1; i < 200; i += 2) {
                        found +=
                                GraphRig.search(reader, all[i], 1, WIDTH, null).contains(i) ? 1 : 0;
                    }
                    // Of 100; a walk may miss one, as any approximate search may.
                    assertThat(found).isGreaterThanOrEqualTo(95);
                    assertThat(GraphRig.search(reader, all[0], K, WIDTH, null))
                            .hasSize(K)
                            .allMatch(i -> i % 2 == 0);
                }
            }
        });
    }
}
