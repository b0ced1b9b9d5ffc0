package dev.quern.vector;

import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.GcReport;
import dev.quern.storage.GcRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random writes, snapshots, branches, rollbacks, renames, aliases and accidents, every answer
/// compared with a model.
final class VersionsModelTest {
    private static final int STEPS = 150;
    private static final List<String> NAMES = List.of("a", "b", "c", "d", "e");

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void answersAsTheModel(Rig.Stores stores) {
        int[] run = {0};
        Seed.run(random -> {
            Path own = directory.resolve(stores + "-" + run[0]++);
            try (Rig rig = new Rig(own, stores, Rig.checkpointEvery(20))) {
                new Run(rig, stores, random).run();
            }
        });
    }

    /// A collection as it should be: vectors by row id.
    private static final class Model {
        private NavigableMap<String, Float> rows = new TreeMap<>();
        private final NavigableMap<String, NavigableMap<String, Float>> snapshots = new TreeMap<>();
        private final List<Past> past = new ArrayList<>();
    }

    /// What was after a write.
    private record Past(long token, Instant moment, NavigableMap<String, Float> rows) {}

    private static final class Run {
        private final Rig rig;
        private final Rig.Stores stores;
        private final RandomGenerator random;
        private final TreeMap<String, Model> models = new TreeMap<>();
        private final TreeMap<String, String> aliases = new TreeMap<>();

        Run(Rig rig, Rig.Stores stores, RandomGenerator random) {
            this.rig = rig;
            this.stores = stores;
            this.random = random;
        }

        void run() throws IOException {
            for (int step = 0; step < STEPS; step++) {
                step(random.nextInt(34));
                if (step % 10 == 9) {
                    checkAll();
                }
            }
            checkAll();
            for (String name : List.copyOf(models.keySet())) {
                rig.service().delete(SPACE, name);
            }
            if (stores == Rig.Stores.REAL) {
                assertThat(collect().spaces()).allMatch(s -> s.live().chunks() == 0);
            }
        }

        private void step(int kind) throws IOException {
            String name = name();
            switch (kind) {
                case 0 -> create(name);
                case 1, 2 -> snapshot(name);
                case 3 -> deleteSnapshot(name);
                case 4, 5 -> rollback(name);
                case 6, 7 -> branch(name);
                case 8 -> rename(name);
                case 9 -> alias(name);
                case 10 -> deleteAlias(name);
                case 11 -> delete(name);
                case 12 -> rig.crash();
                case 13 -> rig.restart();
                case 14 -> rig.loseCache();
                case 15 -> {
                    if (stores == Rig.Stores.REAL) {
                        collect();
                    }
                }
                case 16 -> rig.pass(Duration.ofMinutes(10));
                case 17 -> rig.service().purgeHistories();
                case 18 -> rollbackToPast(name);
                case 19 -> branchFromPast(name);
                default -> write(name);
            }
        }

        private GcReport collect() {
            GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
            rig.maintenance().gc(now);
            GcReport report = rig.maintenance().gc(now);
            assertThat(report.spaces()).allMatch(space -> space.problem().isEmpty());
            return report;
        }

        private String name() {
            return NAMES.get(random.nextInt(NAMES.size()));
        }

        private String snapshotName() {
            return "s" + random.nextInt(3);
        }

        private Optional<Model> model(String name) {
            return Optional.ofNullable(models.get(aliases.getOrDefault(name, name)));
        }

        private boolean isTaken(String name) {
            return models.containsKey(name) || aliases.containsKey(name);
        }

        /// Runs an action that must succeed, or fail with a kind.
        private static void expect(boolean success, ErrorKind otherwise, Runnable action) {
            try {
                action.run();
            } catch (QuernException e) {
                if (success || e.kind() != otherwise) {
                    throw e;
                }
                return;
            }
            assertThat(success).isTrue();
        }

        private void create(String name) {
            CollectionSpec spec = new CollectionSpec(name, 1, Metric.L2, Optional.empty());
            boolean free = !isTaken(name);
            expect(free, ErrorKind.CONFLICT, () -> rig.service().create(SPACE, spec, false));
            if (free) {
                models.put(name, new Model());
            }
        }

        private void write(String name) {
            List<Row> rows = new ArrayList<>();
            List<String> gone = new ArrayList<>();
            TreeMap<String, Float> values = new TreeMap<>();
            for (int i = random.nextInt(8); i >= 0; i--) {
                values.put("r" + random.nextInt(30), random.nextFloat());
            }
            values.forEach((id, value) -> rows.add(row(id, value)));
            for (int i = random.nextInt(4); i > 0; i--) {
                gone.add("r" + random.nextInt(30));
            }
            WriteBatch batch = new WriteBatch(rows, gone, Optional.empty());
            Optional<Model> model = model(name);
            long[] token = new long[1];
            expect(
                    model.isPresent(),
                    ErrorKind.NOT_FOUND,
                    () -> token[0] = rig.service().write(SPACE, name, batch).token());
            model.ifPresent(m -> {
                gone.forEach(m.rows::remove);
                m.rows.putAll(values);
                m.past.add(new Past(token[0], rig.tick(), new TreeMap<>(m.rows)));
            });
        }

        private Optional<Past> past(String name) {
            return model(name)
                    .filter(m -> !m.past.isEmpty())
                    .map(m -> m.past.get(random.nextInt(m.past.size())));
        }

        private String at(Past past) {
            return random.nextBoolean() ? "" + past.token() : "" + past.moment();
        }

        /// Whether the history must have it.
        private boolean isKept(String name, Past past) {
            HistoryInfo history = rig.service().versions().history(SPACE, name);
            assertThat(history.since()).isPresent();
            return past.token() >= history.sinceToken()
                    && !past.moment().isBefore(history.since().get());
        }

        private void rollbackToPast(String name) {
            past(name)
                    .ifPresent(past -> {
                        rig.tick();
                        boolean kept = isKept(name, past);
                        expect(
                                kept,
                                ErrorKind.NOT_FOUND,
                                () -> rig.service().versions().rollback(SPACE, name, at(past)));
                        if (kept) {
                            model(name).orElseThrow().rows = new TreeMap<>(past.rows());
                        }
                        rig.tick();
                    });
        }

        private void branchFromPast(String name) {
            String to = name();
            if (!isTaken(to)) {
                past(name)
                        .filter(past -> isKept(name, past))
                        .ifPresent(past -> {
                            CollectionRef source = CollectionRef.at(name, at(past));
                            rig.service().versions().branch(SPACE, source, to);
                            Model model = new Model();
                            model.rows.putAll(past.rows());
                            models.put(to, model);
                        });
            }
        }

        private void snapshot(String name) {
            String snapshot = snapshotName();
            Optional<Model> model = model(name);
            boolean free = model.filter(m -> !m.snapshots.containsKey(snapshot)).isPresent();
            expect(
                    free,
                    model.isPresent() ? ErrorKind.CONFLICT : ErrorKind.NOT_FOUND,
                    () -> rig.service().versions().snapshot(SPACE, name, snapshot));
            if (free) {
                model.orElseThrow()
                        .snapshots
                        .put(snapshot, new TreeMap<>(model.orElseThrow().rows));
            }
        }

        private Optional<NavigableMap<String, Float>> snapshotOf(String name, String snapshot) {
            return model(name).flatMap(m -> Optional.ofNullable(m.snapshots.get(snapshot)));
        }

        private void deleteSnapshot(String name) {
            String snapshot = snapshotName();
            expect(
                    snapshotOf(name, snapshot).isPresent(),
                    ErrorKind.NOT_FOUND,
                    () -> rig.service().versions().deleteSnapshot(SPACE, name, snapshot));
            model(name).ifPresent(m -> m.snapshots.remove(snapshot));
        }

        private void rollback(String name) {
            String snapshot = snapshotName();
            Optional<NavigableMap<String, Float>> rows = snapshotOf(name, snapshot);
            rig.tick();
            expect(
                    rows.isPresent(),
                    ErrorKind.NOT_FOUND,
                    () -> rig.service().versions().rollback(SPACE, name, snapshot));
            rig.tick();
            rows.ifPresent(r -> model(name).orElseThrow().rows = new TreeMap<>(r));
        }

        private void branch(String name) {
            String to = name();
            boolean live = random.nextBoolean();
            String snapshot = snapshotName();
            Optional<NavigableMap<String, Float>> rows =
                    live ? model(name).map(m -> m.rows) : snapshotOf(name, snapshot);
            CollectionRef source = live ? CollectionRef.of(name) : CollectionRef.at(name, snapshot);
            expect(
                    rows.isPresent() && !isTaken(to),
                    isTaken(to) ? ErrorKind.CONFLICT : ErrorKind.NOT_FOUND,
                    () -> rig.service().versions().branch(SPACE, source, to));
            if (rows.isPresent() && !isTaken(to)) {
                Model model = new Model();
                model.rows.putAll(rows.get());
                models.put(to, model);
            }
        }

        private void rename(String name) {
            String to = name();
            Optional<Model> model = model(name);
            String own = aliases.getOrDefault(name, name);
            boolean free = !isTaken(to) || own.equals(to);
            expect(
                    model.isPresent() && free,
                    model.isPresent() ? ErrorKind.CONFLICT : ErrorKind.NOT_FOUND,
                    () -> rig.service().names().rename(SPACE, name, to));
            if (model.isPresent() && free) {
                models.remove(own);
                models.put(to, model.get());
                aliases.replaceAll((_, target) -> target.equals(own) ? to : target);
            }
        }

        private void alias(String name) {
            String alias = name();
            boolean there = model(name).isPresent();
            expect(
                    there && !models.containsKey(alias),
                    there ? ErrorKind.CONFLICT : ErrorKind.NOT_FOUND,
                    () -> rig.service().names().setAlias(SPACE, alias, name));
            if (there && !models.containsKey(alias)) {
                aliases.put(alias, aliases.getOrDefault(name, name));
            }
        }

        private void deleteAlias(String name) {
            expect(
                    aliases.containsKey(name),
                    ErrorKind.NOT_FOUND,
                    () -> rig.service().names().deleteAlias(SPACE, name));
            aliases.remove(name);
        }

        private void delete(String name) {
            if (random.nextInt(3) > 0) {
                return;
            }
            expect(
                    models.containsKey(name),
                    aliases.containsKey(name) ? ErrorKind.CONFLICT : ErrorKind.NOT_FOUND,
                    () -> rig.service().delete(SPACE, name));
            if (models.remove(name) != null) {
                aliases.values().removeIf(name::equals);
            }
        }

        private void checkAll() {
            assertThat(rig.service().names().aliases(SPACE)).isEqualTo(aliases);
            assertThat(rig.service().list(SPACE))
                    .extracting(CollectionInfo::name)
                    .containsExactlyElementsOf(models.keySet());
            for (String name : NAMES) {
                Optional<Model> model = model(name);
                if (model.isEmpty()) {
                    expect(false, ErrorKind.NOT_FOUND, () -> rig.service().get(SPACE, name));
                    continue;
                }
                check(CollectionRef.of(name), model.get().rows);
                model.get()
                        .snapshots
                        .forEach((snapshot, rows) -> {
                            if (random.nextInt(3) == 0) {
                                check(CollectionRef.at(name, snapshot), rows);
                            }
                        });
                past(name).ifPresent(past -> checkPast(name, past));
                assertThat(rig.service().versions().snapshots(SPACE, name))
                        .extracting(SnapshotInfo::name)
                        .containsExactlyElementsOf(model.get().snapshots.keySet());
            }
        }

        private void checkPast(String name, Past past) {
            CollectionRef ref = CollectionRef.at(name, at(past));
            if (isKept(name, past)) {
                check(ref, past.rows());
            } else {
                expect(false, ErrorKind.NOT_FOUND, () -> rig.service().get(SPACE, ref));
            }
        }

        private void check(CollectionRef ref, Map<String, Float> expected) {
            TreeMap<String, Float> found = new TreeMap<>();
            RowPage page = rig.service().rows(SPACE, ref, Optional.empty(), 1_000, true);
            page.rows().forEach(row -> found.put(row.id(), row.vector()[0]));
            assertThat(found).as("%s", ref).isEqualTo(expected);
            assertThat(rig.service().get(SPACE, ref).rows()).isEqualTo(expected.size());
            SearchOutcome outcome =
                    rig.service().search(SPACE, ref, SearchSpec.dense(new float[] {0}, 1_000));
            assertThat(outcome.hits())
                    .extracting(hit -> hit.row().id())
                    .containsExactlyInAnyOrderElementsOf(expected.keySet());
        }
    }
}
