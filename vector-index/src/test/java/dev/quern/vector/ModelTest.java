package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random writes, searches and accidents against a model that compares everything with everything.
final class ModelTest {
    private static final int STEPS = 250;
    private static final int IDS = 60;
    private static final int DIMS = 4;
    private static final List<String> WORDS =
            List.of("mill", "grain", "stone", "water", "wheel", "flour", "bread", "oven");

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void answersAsTheModelDoes(Rig.Stores stores) {
        Seed.run(random -> {
            Metric metric = List.of(Metric.values()).get(random.nextInt(3));
            try (Rig rig = new Rig(directory, stores, Rig.checkpointEvery(40))) {
                new Run(rig, metric, random).steps();
            }
        });
    }

    private static final class Run {
        private final Rig rig;
        private final Metric metric;
        private final RandomGenerator random;
        private final TreeMap<String, Row> model = new TreeMap<>();

        Run(Rig rig, Metric metric, RandomGenerator random) {
            this.rig = rig;
            this.metric = metric;
            this.random = random;
            rig.create(DIMS, metric);
            // Fixes the types, so that random filters are never refused for an unknown attribute.
            rig.upsert(row("seed"));
            rig.write(WriteBatch.delete(List.of("seed")));
        }

        void steps() throws IOException {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(20)) {
                    case 0 -> rig.restart();
                    case 1 -> rig.crash();
                    case 2 -> rig.loseCache();
                    case 3, 4, 5, 6, 7, 8, 9 -> write();
                    case 10, 11, 12, 13, 14 -> searchDense();
                    case 15, 16 -> searchText();
                    case 17 -> pages();
                    case 18 -> cursor();
                    default -> find();
                }
            }
            pages();
        }

        private void write() {
            List<Row> rows = new ArrayList<>();
            List<String> ids = new ArrayList<>();
            for (int n = random.nextInt(12); n > 0; n--) {
                rows.add(row("r" + random.nextInt(IDS)));
            }
            for (int n = random.nextInt(4); n > 0; n--) {
                ids.add("r" + random.nextInt(IDS));
            }
            Optional<Filter> where =
                    random.nextInt(8) == 0 || (rows.isEmpty() && ids.isEmpty())
                            ? Optional.of(new Filter.And(List.of(filter(2), filter(2), filter(2))))
                            : Optional.empty();
            WriteResult result = rig.write(new WriteBatch(rows, ids, where));
            int before = model.size();
            model.keySet().removeAll(ids);
            where.ifPresent(filter -> model.values().removeIf(row -> matches(filter, row)));
            assertThat(result.deleted()).isEqualTo(before - model.size());
            for (Row row : rows) {
                model.put(
                        row.id(),
                        row.withVectors(Map.of(CollectionSchema.VECTOR, indexed(row.vector()))));
            }
            assertThat(result.upserted())
                    .isEqualTo((int) rows.stream().map(Row::id).distinct().count());
        }

        private Row row(String id) {
            Map<String, Object> attributes = new HashMap<>();
            boolean all = id.equals("seed");
            put(all, attributes, "s", WORDS.get(random.nextInt(4)));
            put(all, attributes, "l", random.nextInt(-3, 4));
            put(all, attributes, "d", random.nextInt(-6, 7) / 2.0);
            put(all, attributes, "b", random.nextBoolean());
            put(all, attributes, "t", List.of(word(), word()));
            put(all, attributes, "m", Instant.parse(day() + "T00:00:00Z"));
            put(
                    all,
                    attributes,
                    "n",
                    random.ints(all ? 1 : random.nextInt(4), -3, 4).boxed().toList());
            Optional<String> text =
                    random.nextInt(5) == 0
                            ? Optional.empty()
                            : Optional.of(word() + " " + word() + " " + word());
            return new Row(id, text, vector(), attributes);
        }

        private void put(boolean always, Map<String, Object> to, String name, Object value) {
            if (always || random.nextInt(4) > 0) {
                to.put(name, value);
            }
        }

        private String word() {
            return WORDS.get(random.nextInt(WORDS.size()));
        }

        private float[] vector() {
            float[] vector = new float[DIMS];
            for (int i = 0; i < DIMS; i++) {
                vector[i] = (float) random.nextGaussian();
            }
            return vector;
        }

        private float[] indexed(float[] vector) {
            if (metric != Metric.COSINE) {
                return vector;
            }
            double length = Math.sqrt(dot(vector, vector));
            float[] unit = new float[DIMS];
            for (int i = 0; i < DIMS; i++) {
                unit[i] = (float) (vector[i] / length);
            }
            return unit;
        }

        private static double dot(float[] a, float[] b) {
            double sum = 0;
            for (int i = 0; i < a.length; i++) {
                sum += (double) a[i] * b[i];
            }
            return sum;
        }

        private double score(float[] query, float[] vector) {
            if (metric != Metric.L2) {
                return dot(query, vector);
            }
            double sum = 0;
            for (int i = 0; i < DIMS; i++) {
                sum += Math.pow((double) query[i] - vector[i], 2);
            }
            return -Math.sqrt(sum);
        }

        private Filter filter(int depth) {
            return switch (random.nextInt(depth > 0 ? 19 : 16)) {
                case 0 -> new Filter.Eq("s", WORDS.get(random.nextInt(4)));
                case 1 -> new Filter.Eq("l", (long) random.nextInt(-3, 4));
                case 2 -> new Filter.Eq("d", random.nextInt(-6, 7) / 2.0);
                case 3 -> new Filter.Eq("b", random.nextBoolean());
                case 4 -> new Filter.Eq("t", word());
                case 5 -> new Filter.In("l", List.of(1L, 2.0, random.nextInt(4) / 2.0));
                case 6 -> new Filter.In("s", List.of(word(), word()));
                case 7 -> range(random.nextBoolean() ? "l" : "d", this::number);
                case 8 -> range(random.nextBoolean() ? "s" : "t", this::word);
                case 9 ->
                        new Filter.Exists(
                                List.of("s", "l", "d", "b", "t", "m", "n").get(random.nextInt(7)));
                case 10 ->
                        new Filter.Prefix(random.nextBoolean() ? "s" : "t", word().substring(0, 2));
                case 11 -> new Filter.Contains("s", word().substring(1, 3));
                case 12 -> new Filter.Contains("n", (long) random.nextInt(-3, 4));
                case 13 -> new Filter.All("t", List.of(word(), word()));
                case 14 -> range("m", this::day);
                case 15 -> range("n", this::number);
                case 16 -> new Filter.Not(filter(depth - 1));
                case 17 -> new Filter.And(List.of(filter(depth - 1), filter(depth - 1)));
                default -> new Filter.Or(List.of(filter(depth - 1), filter(depth - 1)));
            };
        }

        private String day() {
            return "2026-11-0" + random.nextInt(1, 6);
        }

        private Object number() {
            int twice = random.nextInt(-7, 8);
            return twice % 2 == 0 ? (Object) (long) (twice / 2) : (Object) (twice / 2.0);
        }

        private interface Value {
            Object next();
        }

        private Filter range(String field, Value value) {
            Optional<Object> low =
                    random.nextBoolean() ? Optional.of(value.next()) : Optional.empty();
            Optional<Object> high =
                    low.isEmpty() || random.nextBoolean()
                            ? Optional.of(value.next())
                            : Optional.empty();
            Optional<Object> none = Optional.empty();
            boolean openLow = random.nextBoolean();
            boolean openHigh = random.nextBoolean();
            return new Filter.Range(
                    field,
                    openLow ? none : low,
                    openLow ? low : none,
                    openHigh ? none : high,
                    openHigh ? high : none);
        }

        private static boolean matches(Filter filter, Row row) {
            return switch (filter) {
                case Filter.Eq(String field, Object value) ->
                        any(row, field, found -> compare(found, value) == 0);
                case Filter.In(String field, List<Object> values) ->
                        any(
                                row,
                                field,
                                found -> values.stream().anyMatch(v -> compare(found, v) == 0));
                case Filter.Range r ->
                        any(
                                row,
                                r.field(),
                                found ->
                                        r.gte().stream().allMatch(v -> compare(found, v) >= 0)
                                                && r.gt().stream()
                                                        .allMatch(v -> compare(found, v) > 0)
                                                && r.lte().stream()
                                                        .allMatch(v -> compare(found, v) <= 0)
                                                && r.lt().stream()
                                                        .allMatch(v -> compare(found, v) < 0));
                case Filter.Exists(String field) -> any(row, field, _ -> true);
                case Filter.Prefix(String field, String prefix) ->
                        any(row, field, found -> ((String) found).startsWith(prefix));
                case Filter.Contains(String field, String part) ->
                        any(row, field, found -> ((String) found).contains(part));
                case Filter.Contains(String field, Object value) ->
                        any(row, field, found -> compare(found, value) == 0);
                case Filter.All(String field, List<Object> values) ->
                        values.stream()
                                .allMatch(v -> any(row, field, found -> compare(found, v) == 0));
                case Filter.And(List<Filter> all) -> all.stream().allMatch(f -> matches(f, row));
                case Filter.Or(List<Filter> any) -> any.stream().anyMatch(f -> matches(f, row));
                case Filter.Not(Filter not) -> !matches(not, row);
            };
        }

        private interface Test {
            boolean holds(Object found);
        }

        private static boolean any(Row row, String field, Test test) {
            Object value = row.attributes().get(field);
            if (value instanceof List<?> list) {
                return list.stream().anyMatch(test::holds);
            }
            return value != null && test.holds(value);
        }

        private static int compare(Object a, Object b) {
            if (a instanceof Number x && b instanceof Number y) {
                return Double.compare(x.doubleValue(), y.doubleValue());
            }
            if (a instanceof Boolean x && b instanceof Boolean y) {
                return Boolean.compare(x, y);
            }
            if (a instanceof Instant x) {
                return x.compareTo(Instant.parse(b + "T00:00:00Z"));
            }
            return ((String) a).compareTo((String) b);
        }

        private void searchDense() {
            float[] query = vector();
            Optional<Filter> where =
                    random.nextBoolean() ? Optional.of(filter(3)) : Optional.empty();
            int limit = random.nextInt(1, 40);
            SearchSpec spec =
                    SearchSpec.of(List.of(new Leg.Dense(query, random.nextBoolean())), where, limit)
                            .withVectors();
            List<Row> expected =
                    model.values().stream()
                            .filter(row -> where.isEmpty() || matches(where.get(), row))
                            .sorted(
                                    Comparator.comparingDouble(
                                            row -> -score(indexed(query), row.vector())))
                            .limit(limit)
                            .toList();
            SearchOutcome outcome = rig.search(spec);
            assertThat(outcome.rows()).isEqualTo(model.size());
            assertThat(outcome.hits()).as("%s", where).hasSize(expected.size());
            for (int i = 0; i < expected.size(); i++) {
                Hit hit = outcome.hits().get(i);
                double best = score(indexed(query), expected.get(i).vector());
                assertThat(hit.score()).isCloseTo(best, within(1e-4));
                assertSame(hit.row(), model.get(hit.row().id()));
                assertThat(where.isEmpty() || matches(where.get(), hit.row())).isTrue();
            }
        }

        private void searchText() {
            String word = word();
            Optional<Filter> where =
                    random.nextBoolean() ? Optional.of(filter(2)) : Optional.empty();
            List<String> expected =
                    model.values().stream()
                            .filter(row -> row.text().filter(t -> t.contains(word)).isPresent())
                            .filter(row -> where.isEmpty() || matches(where.get(), row))
                            .map(Row::id)
                            .toList();
            SearchSpec spec = SearchSpec.of(List.of(new Leg.Bm25(word)), where, 1000);
            assertThat(rig.ids(spec)).containsExactlyInAnyOrderElementsOf(expected);
        }

        private void pages() {
            List<Row> found = new ArrayList<>();
            Optional<String> after = Optional.empty();
            do {
                RowPage page = rig.service().rows(SPACE, NAME, after, 7, true);
                found.addAll(page.rows());
                after = page.next();
            } while (after.isPresent());
            assertThat(found).extracting(Row::id).containsExactlyElementsOf(model.keySet());
            found.forEach(row -> assertSame(row, model.get(row.id())));
            assertThat(rig.rows()).isEqualTo(model.size());
        }

        private void cursor() {
            List<String> found = new ArrayList<>();
            try (RowCursor cursor = rig.service().cursor(SPACE, NAME)) {
                assertThat(cursor.collection().rows()).isEqualTo(model.size());
                for (List<Row> rows = cursor.next(9); !rows.isEmpty(); rows = cursor.next(9)) {
                    rows.forEach(row -> assertSame(row, model.get(row.id())));
                    rows.forEach(row -> found.add(row.id()));
                }
            }
            assertThat(found).containsExactlyInAnyOrderElementsOf(model.keySet());
        }

        private void find() {
            String id = "r" + random.nextInt(IDS);
            Optional<Row> found = rig.find(id);
            assertThat(found.isPresent()).isEqualTo(model.containsKey(id));
            found.ifPresent(row -> assertSame(row, model.get(id)));
        }

        private static void assertSame(Row found, @Nullable Row expected) {
            assertThat(expected).isNotNull();
            if (expected != null) {
                assertThat(found.id()).isEqualTo(expected.id());
                assertThat(found.text()).isEqualTo(expected.text());
                assertThat(found.attributes()).isEqualTo(expected.attributes());
                assertThat(found.vector()).containsExactly(expected.vector(), within(1e-6f));
            }
        }
    }
}
