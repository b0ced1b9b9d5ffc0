package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Random schemas of several vectors and texts, rows that lack some of their fields, and searches
/// of several legs with fusion, filters and pages, against a model that compares everything. Few
/// rows, so that every answer is exact; but [#graphsFindNearlyAllThatTheModelFinds].
final class LegsModelTest {
    private static final int SCHEMAS = 3;
    private static final int STEPS = 60;
    private static final int IDS = 80;

    /// Candidates of a leg in a fusion, see [SearchSpec].
    private static final int CANDIDATES = 100;

    private static final List<String> WORDS =
            List.of("mill", "grain", "stone", "water", "wheel", "flour", "bread", "oven");

    @TempDir Path directory;

    @Test
    void answersAsTheModelDoes() {
        Seed.run(random -> {
            for (int i = 0; i < SCHEMAS; i++) {
                Path place = directory.resolve("s" + i);
                try (Rig rig = new Rig(place, Rig.Stores.FAKE, Rig.checkpointEvery(40))) {
                    Run run = new Run(rig, random, IDS);
                    for (int step = 0; step < STEPS; step++) {
                        run.step();
                    }
                }
            }
        });
    }

    /// The same schemas with so many rows that merges make graphs, while rows come and go.
    @Test
    void graphsFindNearlyAllThatTheModelFinds() {
        Seed.run(random -> {
            Map<String, Object> settings =
                    Map.of(
                            "search",
                            SearchConfig.defaults().comparing(50),
                            "idleMerge",
                            Duration.ZERO);
            try (Rig rig = new Rig(directory, Rig.Stores.FAKE, Rig.with(settings))) {
                Run run = new Run(rig, random, 8_000);
                run.fill(1_000);
                for (int round = 0; round < 2; round++) {
                    for (int batch = 0; batch < 4; batch++) {
                        run.write(1_000);
                    }
                    if (round % 2 == 1) {
                        rig.settle();
                    }
                    assertThat(run.recall(30)).isGreaterThan(0.95);
                }
                assertThat(rig.service().stats(SPACE, NAME).vectors().values())
                        .anyMatch(field -> field.fusedRows() > 0);
            }
        });
    }

    private static final class Run {
        private final Rig rig;
        private final RandomGenerator random;
        private final int ids;
        private final Map<String, VectorField> vectors = new TreeMap<>();
        private final List<String> texts = new ArrayList<>();
        private final TreeMap<String, Row> model = new TreeMap<>();

        Run(Rig rig, RandomGenerator random, int ids) {
            this.rig = rig;
            this.random = random;
            this.ids = ids;
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                Metric metric = List.of(Metric.values()).get(random.nextInt(3));
                int dims = random.nextInt(2, 24);
                vectors.put("v" + i, VectorField.of(dims, metric, Optional.empty()));
            }
            TreeMap<String, TextField> fields = new TreeMap<>();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                fields.put("t" + i, TextField.english());
            }
            texts.addAll(fields.keySet());
            TreeMap<String, AttributeType> attributes =
                    new TreeMap<>(Map.of("n", AttributeType.LONG));
            rig.service()
                    .create(
                            SPACE,
                            new CollectionSpec(
                                    NAME,
                                    new CollectionSchema(
                                            new TreeMap<>(vectors), fields, attributes, true)),
                            false);
        }

        void step() throws IOException, InterruptedException {
            switch (random.nextInt(12)) {
                case 0 -> rig.restart();
                case 1 -> rig.crash();
                case 2 -> rig.settle();
                case 3, 4, 5, 6 -> write(15);
                default -> search();
            }
        }

        /// Writes every id once.
        void fill(int batch) {
            for (int from = 0; from < ids; from += batch) {
                List<Row> rows =
                        IntStream.range(from, Math.min(ids, from + batch))
                                .mapToObj(id -> row("r" + id))
                                .toList();
                rig.write(new WriteBatch(rows, List.of(), Optional.empty()));
                rows.forEach(row -> model.put(row.id(), row));
            }
        }

        void write(int most) {
            List<Row> rows = new ArrayList<>();
            Set<String> deletes = new HashSet<>();
            for (int n = random.nextInt(most); n >= 0; n--) {
                rows.add(row("r" + random.nextInt(ids)));
            }
            for (int n = random.nextInt(most / 5); n > 0; n--) {
                deletes.add("r" + random.nextInt(ids));
            }
            rig.write(new WriteBatch(rows, List.copyOf(deletes), Optional.empty()));
            model.keySet().removeAll(deletes);
            rows.forEach(row -> model.put(row.id(), row));
        }

        private Row row(String id) {
            Map<String, float[]> some = new HashMap<>();
            for (String field : vectors.keySet()) {
                if (random.nextInt(5) > 0) {
                    some.put(field, vector(field));
                }
            }
            Map<String, String> said = new HashMap<>();
            for (String field : texts) {
                if (random.nextInt(5) > 0) {
                    said.put(field, word() + " " + word() + " " + word());
                }
            }
            if (some.isEmpty()) {
                String field = vectors.keySet().iterator().next();
                some.put(field, vector(field));
            }
            return new Row(id, some, said, Map.of("n", random.nextInt(4)));
        }

        private String word() {
            return WORDS.get(random.nextInt(WORDS.size()));
        }

        private float[] vector(String field) {
            float[] vector = new float[Objects.requireNonNull(vectors.get(field)).dims()];
            for (int i = 0; i < vector.length; i++) {
                vector[i] = (float) random.nextGaussian();
            }
            return vector;
        }

        private Leg leg() {
            if (random.nextInt(3) == 0) {
                Map<String, Double> boosts = new TreeMap<>();
                boosts.put(texts.get(random.nextInt(texts.size())), 1 + random.nextDouble());
                return new Leg.Bm25(random.nextBoolean() ? Map.of() : boosts, word());
            }
            List<String> fields = List.copyOf(vectors.keySet());
            String field = fields.get(random.nextInt(fields.size()));
            return new Leg.Dense(Optional.of(field), vector(field), random.nextBoolean(), 0);
        }

        /// A merge drops deleted rows, upon which the scores of BM25 change.
        private void awaitMerges() throws InterruptedException {
            rig.search(SearchSpec.bm25("mill", 1));
            Object never = new Object();
            while (rig.service().stats(SPACE, NAME).merging()) {
                synchronized (never) {
                    never.wait(5);
                }
            }
        }

        private void search() throws InterruptedException {
            List<Leg> legs = new ArrayList<>();
            for (int n = random.nextInt(1, 4); n > 0; n--) {
                legs.add(leg());
            }
            SearchOptions options = SearchOptions.first(random.nextInt(1, 30)).fusedBy(fusion());
            Optional<Filter> where = Optional.empty();
            if (random.nextBoolean()) {
                where = Optional.of(new Filter.In("n", List.of((long) random.nextInt(4), 1L)));
                options = options.where(where.get());
            }
            awaitMerges();
            List<Scored> expected = expected(legs, options, where);
            List<Hit> found = pages(legs, options);
            assertThat(found).extracting(hit -> hit.row().id()).doesNotHaveDuplicates();
            assertThat(found).hasSameSizeAs(expected);
            if (legs.size() == 1 && legs.getFirst() instanceof Leg.Bm25) {
                // Many have equal scores, of which pages must neither skip nor repeat any.
                assertThat(found)
                        .extracting(hit -> hit.row().id())
                        .containsExactlyElementsOf(expected.stream().map(Scored::id).toList());
            }
            for (int i = 0; i < found.size(); i++) {
                assertThat(found.get(i).score())
                        .as("hit %d of %s", i, legs)
                        .isCloseTo(expected.get(i).score(), within(2e-4));
            }
        }

        private Fusion fusion() {
            return random.nextBoolean()
                    ? new Fusion.Rrf(random.nextInt(1, 100), List.of())
                    : new Fusion.Weighted(List.of());
        }

        private List<Hit> pages(List<Leg> legs, SearchOptions first) {
            List<Hit> all = new ArrayList<>();
            Optional<SearchOptions> options = Optional.of(first);
            while (options.isPresent()) {
                SearchOutcome page = rig.search(new SearchSpec(legs, options.get()));
                assertThat(page.rows()).isEqualTo(model.size());
                all.addAll(page.hits());
                options = page.next().map(first::from);
            }
            return all;
        }

        private record Scored(String id, double score) {
            static final Comparator<Scored> BEST_FIRST =
                    Comparator.comparingDouble((Scored row) -> -row.score)
                            .thenComparing(Scored::id);
        }

        private List<Scored> expected(
                List<Leg> legs, SearchOptions options, Optional<Filter> where) {
            List<List<Scored>> rankings = new ArrayList<>();
            for (Leg leg : legs) {
                rankings.add(
                        switch (leg) {
                            case Leg.Dense dense -> nearest(dense, where);
                            case Leg.Bm25 text -> best(text, where);
                        });
            }
            return rankings.size() == 1 ? rankings.getFirst() : fused(rankings, options);
        }

        private List<Scored> nearest(Leg.Dense leg, Optional<Filter> where) {
            String field = leg.field().orElseThrow();
            Metric metric = Objects.requireNonNull(vectors.get(field)).metric();
            List<Scored> ranked = new ArrayList<>();
            for (Row row : model.values()) {
                float[] vector = row.vectors().get(field);
                if (vector != null && passes(row, where)) {
                    ranked.add(new Scored(row.id(), score(metric, leg.vector(), vector)));
                }
            }
            ranked.sort(Scored.BEST_FIRST);
            return ranked;
        }

        private static boolean passes(Row row, Optional<Filter> where) {
            return where.isEmpty()
                    || (where.get() instanceof Filter.In(_, List<Object> values)
                            && values.contains(row.attributes().get("n")));
        }

        private static double score(Metric metric, float[] a, float[] b) {
            return switch (metric) {
                case DOT -> dot(a, b);
                case COSINE -> dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
                case L2 -> -Math.sqrt(Math.max(0, dot(a, a) + dot(b, b) - 2 * dot(a, b)));
            };
        }

        private static double dot(float[] a, float[] b) {
            double sum = 0;
            for (int i = 0; i < a.length; i++) {
                sum += (double) a[i] * b[i];
            }
            return sum;
        }

        /// BM25 depends on statistics of segments, so its scores are those of the leg alone; which
        /// rows have the word is the model's.
        private List<Scored> best(Leg.Bm25 leg, Optional<Filter> where) {
            SearchOptions all = SearchOptions.first(1_000);
            SearchOptions options = where.map(all::where).orElse(all);
            List<Hit> hits = rig.search(new SearchSpec(List.of(leg), options)).hits();
            Collection<String> fields = leg.fields().isEmpty() ? texts : leg.fields().keySet();
            assertThat(hits)
                    .extracting(hit -> hit.row().id())
                    .containsExactlyInAnyOrderElementsOf(
                            model.values().stream()
                                    .filter(row -> passes(row, where))
                                    .filter(row -> says(row, fields, leg.query()))
                                    .map(Row::id)
                                    .toList());
            return hits.stream().map(hit -> new Scored(hit.row().id(), hit.score())).toList();
        }

        private static boolean says(Row row, Collection<String> fields, String word) {
            return fields.stream()
                    .anyMatch(field -> row.texts().getOrDefault(field, "").contains(word));
        }

        private static List<Scored> fused(List<List<Scored>> rankings, SearchOptions options) {
            Map<String, Double> scores = new HashMap<>();
            for (List<Scored> ranking : rankings) {
                List<Scored> top = ranking.stream().limit(CANDIDATES).toList();
                for (int i = 0; i < top.size(); i++) {
                    scores.merge(top.get(i).id(), share(options.fusion(), top, i), Double::sum);
                }
            }
            return scores.entrySet().stream()
                    .map(row -> new Scored(row.getKey(), row.getValue()))
                    .sorted(Scored.BEST_FIRST)
                    .toList();
        }

        private static double share(Fusion fusion, List<Scored> ranking, int i) {
            double best = ranking.getFirst().score();
            double worst = ranking.getLast().score();
            return switch (fusion) {
                case Fusion.Rrf(int k, _) -> 1.0 / (k + i + 1);
                case Fusion.Weighted _ ->
                        best > worst ? (ranking.get(i).score() - worst) / (best - worst) : 1;
            };
        }

        /// Recall@10 of random dense searches, half of them filtered.
        double recall(int searches) {
            int found = 0;
            int wanted = 0;
            for (int n = 0; n < searches; n++) {
                String field = List.copyOf(vectors.keySet()).get(random.nextInt(vectors.size()));
                Leg.Dense leg = new Leg.Dense(Optional.of(field), vector(field), false, 0);
                Optional<Filter> where =
                        n % 2 == 0
                                ? Optional.empty()
                                : Optional.of(new Filter.In("n", List.of((long) n % 4)));
                List<String> nearest =
                        nearest(leg, where).stream().limit(10).map(Scored::id).toList();
                List<String> ids = rig.ids(SearchSpec.of(List.of(leg), where, 10));
                assertThat(ids)
                        .allMatch(id -> passes(Objects.requireNonNull(model.get(id)), where));
                wanted += nearest.size();
                found += (int) ids.stream().filter(nearest::contains).count();
            }
            return found / (double) wanted;
        }
    }
}
