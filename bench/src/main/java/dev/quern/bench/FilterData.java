package dev.quern.bench;

import dev.quern.vector.Filter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.lucene.util.VectorUtil;

/// Filters over the rows of [AnnData], and the ten nearest of each query that pass each. A row has
/// two numbers from 0 to 9,999: `even` at random, `near` by its likeness to the first row, 0 the
/// most like it.
///
/// @param even by row
/// @param near by row
/// @param nearest by filter, then by query
record FilterData(AnnData data, int[] even, int[] near, Map<Case, List<Set<Integer>>> nearest) {
    private static final int STEPS = 10_000;

    /// A filter: the rows whose number is from `from` on and below `to`.
    enum Case {
        HALF("50%", "even", 0, 5_000),
        TWENTIETH("5%", "even", 0, 500),
        FEW("0.5%", "even", 0, 50),
        FEWEST("0.05%", "even", 0, 5),
        /// Near one topic, which few queries are about.
        NEAR("near-5%", "near", 0, 500),
        /// All but what is near a topic.
        FAR("far-50%", "near", 5_000, STEPS);

        final String label;
        final String field;
        final int from;
        final int to;

        Case(String label, String field, int from, int to) {
            this.label = label;
            this.field = field;
            this.from = from;
            this.to = to;
        }

        Filter filter() {
            return new Filter.Range(
                    field,
                    Optional.of((long) from),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of((long) to));
        }
    }

    static FilterData of(AnnData data) throws IOException {
        float[][] rows = data.vectors(0, data.rows());
        List<Integer> shuffled = new ArrayList<>(IntStream.range(0, rows.length).boxed().toList());
        Collections.shuffle(shuffled, new Random(7));
        int[] even = new int[rows.length];
        int[] near = new int[rows.length];
        List<Integer> byLikeness =
                nearest(rows, rows[0], IntStream.range(0, rows.length).toArray());
        for (int i = 0; i < rows.length; i++) {
            even[shuffled.get(i)] = (int) ((long) i * STEPS / rows.length);
            near[byLikeness.get(i)] = (int) ((long) i * STEPS / rows.length);
        }
        FilterData filters = new FilterData(data, even, near, new EnumMap<>(Case.class));
        for (Case each : Case.values()) {
            int[] passing =
                    IntStream.range(0, rows.length)
                            .filter(row -> filters.passes(each, row))
                            .toArray();
            List<Set<Integer>> truth = new ArrayList<>();
            for (float[] query : data.queries()) {
                List<Integer> order = nearest(rows, query, passing);
                truth.add(new HashSet<>(order.subList(0, Math.min(AnnData.K, order.size()))));
            }
            filters.nearest.put(each, truth);
        }
        return filters;
    }

    private static List<Integer> nearest(float[][] rows, float[] query, int[] among) {
        long[] order = new long[among.length];
        for (int i = 0; i < among.length; i++) {
            int score = Math.round(VectorUtil.dotProduct(query, rows[among[i]]) * (1 << 30));
            order[i] = (long) -score << 32 | among[i];
        }
        Arrays.sort(order);
        return Arrays.stream(order).mapToObj(entry -> (int) entry).toList();
    }

    boolean passes(Case filter, int row) {
        int number = filter.field.equals("even") ? even[row] : near[row];
        return number >= filter.from && number < filter.to;
    }

    Map<String, Object> attributes(int row) {
        return Map.of("even", (long) even[row], "near", (long) near[row]);
    }

    /// The share of what is nearest that was found.
    ///
    /// @param found rows by query
    double recall(Case filter, List<Set<Integer>> found) {
        List<Set<Integer>> truths = Objects.requireNonNull(nearest.get(filter));
        int hits = 0;
        int wanted = 0;
        for (int i = 0; i < found.size(); i++) {
            Set<Integer> truth = truths.get(i);
            wanted += truth.size();
            hits += (int) found.get(i).stream().filter(truth::contains).count();
        }
        return hits / (double) Math.max(1, wanted);
    }
}
