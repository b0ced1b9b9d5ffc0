package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.CrashRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A few kills with every build, `./quern test crash` does many; and whether the parent would see.
final class CollectionCrashTest {
    private static final int LIFE = 1;

    @TempDir Path directory;

    @Test
    void everythingAcknowledgedSurvivesSigkill() throws IOException, InterruptedException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        long seed = Long.getLong("quern.test.seed", 1);
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        boolean good = CrashRun.run(CollectionCrashRun.LOAD, 2, seed, out);

        assertThat(good).as(said.toString(StandardCharsets.UTF_8)).isTrue();
    }

    /// The first operation of writer 0 that only writes rows, into the shared collection.
    private static int write() {
        return IntStream.range(0, 1_000)
                .filter(n ->
                        CrashOp.of(LIFE, 0, n) instanceof CrashWrite write
                                && write.collection().equals(CrashOp.SHARED)
                                && write.upserts().size() > 1
                                && write.millis().isEmpty()
                                && write.deletes().isEmpty())
                .findFirst()
                .orElseThrow();
    }

    private CollectionCrashJournal journal(Rig rig, String... lines) {
        CollectionCrashJournal journal = new CollectionCrashJournal();
        List.of(lines).forEach(journal::add);
        journal.compare(rig.service(), 1, new Random(0));
        return journal;
    }

    private Rig rig() {
        Rig rig = new Rig(directory, Rig.Stores.FAKE);
        CrashOp.create(rig.service(), CrashOp.SHARED);
        return rig;
    }

    private static String line(String kind, int number) {
        return kind + " " + LIFE + " 0 " + number;
    }

    @Test
    void seesWhatWasLost() {
        int number = write();
        CrashWrite write = (CrashWrite) CrashOp.of(LIFE, 0, number);
        try (Rig rig = rig()) {
            String done = line("A", number) + " " + write.upserts().size() + "+0";
            CollectionCrashJournal journal = journal(rig, line("B", number), done);
            assertThat(journal.lost()).hasSize(1);
            assertThat(journal.corrupt()).isEmpty();
            assertThat(journal.acknowledged()).isEqualTo(1);
        }
    }

    @Test
    void takesWhatHadBegunWholeOrNotAtAll() {
        int number = write();
        CrashWrite write = (CrashWrite) CrashOp.of(LIFE, 0, number);
        try (Rig rig = rig()) {
            CollectionCrashJournal none = journal(rig, line("B", number));
            assertThat(none.lost()).isEmpty();
            assertThat(none.corrupt()).isEmpty();

            List<String> half = write.upserts().subList(0, write.upserts().size() / 2);
            rig.service()
                    .write(
                            CrashOp.SPACE,
                            CrashOp.SHARED,
                            write.with(half).batch(OptionalLong.empty()));
            assertThat(journal(rig, line("B", number)).corrupt())
                    .anySatisfy(text -> assertThat(text).contains("begun was"));

            write.run(rig.service());
            CollectionCrashJournal whole = journal(rig, line("B", number));
            assertThat(whole.lost()).isEmpty();
            assertThat(whole.corrupt()).isEmpty();
        }
    }

    @Test
    void seesRowsThatAreNotAsTheyWereWritten() {
        int number = write();
        CrashWrite write = (CrashWrite) CrashOp.of(LIFE, 0, number);
        try (Rig rig = rig()) {
            write.run(rig.service());
            Row row = CrashOp.row(write.upserts().getFirst(), write.name());
            Row other = new Row(row.id(), Optional.of("other"), row.vector(), row.attributes());
            rig.service().write(CrashOp.SPACE, CrashOp.SHARED, WriteBatch.upsert(List.of(other)));
            assertThat(journal(rig, line("B", number)).corrupt())
                    .singleElement()
                    .asString()
                    .contains(row.id());
        }
    }

    @Test
    void seesAWrongAnswer() {
        int number = write();
        try (Rig rig = rig()) {
            CrashOp.of(LIFE, 0, number).run(rig.service());
            assertThat(journal(rig, line("A", number) + " 0+0").corrupt()).hasSize(1);
        }
    }

    /// A journal that takes these operations as done, and as told what they were to be told.
    private CollectionCrashJournal done(Rig rig, int... numbers) {
        CrashWorld world = CrashWorld.none();
        List<String> lines = new ArrayList<>();
        for (int number : numbers) {
            CrashOp operation = CrashOp.of(LIFE, 0, number);
            lines.add(line("A", number) + " " + operation.answer(world));
            world = operation.leaves(world, OptionalLong.empty());
        }
        return journal(rig, lines.toArray(String[]::new));
    }

    private static int first(Predicate<CrashOp> wanted) {
        return IntStream.range(0, 100_000)
                .filter(n -> wanted.test(CrashOp.of(LIFE, 0, n)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void seesThatAStepOrAPatchWasLost() {
        int write =
                first(op ->
                        op instanceof CrashWrite w
                                && w.collection().equals("own-0")
                                && w.millis().isEmpty()
                                && w.upserts().size() > 1);
        CrashOp written = CrashOp.of(LIFE, 0, write);
        List<Predicate<CrashOp>> steps =
                List.of(
                        op -> op instanceof CrashStep s && s.kind() == CrashStep.Kind.SNAPSHOT,
                        op -> op instanceof CrashStep s && s.kind() == CrashStep.Kind.ALIAS,
                        op ->
                                op instanceof CrashStep s
                                        && s.kind() == CrashStep.Kind.BRANCH
                                        && s.at().isEmpty(),
                        op -> op instanceof CrashStep s && s.kind() == CrashStep.Kind.RENAME,
                        op ->
                                op instanceof CrashDependent d
                                        && d.kind() == CrashDependent.Kind.IF_VERSION);
        try (Rig rig = rig()) {
            written.run(rig.service());
            assertThat(done(rig, write).lost()).isEmpty();
            for (Predicate<CrashOp> step : steps) {
                int number = first(step.and(op -> isOf("own-0", op)));
                assertThat(done(rig, write, number).lost())
                        .as("%s", CrashOp.of(LIFE, 0, number))
                        .hasSize(1);
            }
        }
    }

    @Test
    void seesThatWhatWasIsNotAsItWas() {
        try (Rig rig = rig()) {
            CrashWrite one = CrashWrite.empty("1-0-1", 0, CrashOp.SHARED).with(CrashOp.group(0, 1));
            CrashWrite two = CrashWrite.empty("1-0-2", 0, CrashOp.SHARED).with(CrashOp.group(0, 2));
            one.run(rig.service());
            CrashWorld first = one.leaves(CrashWorld.none(), OptionalLong.empty());
            CrashHistory right = new CrashHistory();
            CrashHistory wrong = new CrashHistory();
            Map<String, Long> tokens = CrashHistory.lastTokens(rig.facts());
            CrashWorld second = two.leaves(first, OptionalLong.empty());
            right.mark(tokens, rig.service(), Map.of(0, first), new Random(0));
            wrong.mark(tokens, rig.service(), Map.of(0, second), new Random(0));
            two.run(rig.service());
            assertThat(checked(rig, right)).isEmpty();
            assertThat(checked(rig, wrong))
                    .singleElement()
                    .asString()
                    .contains("shared at " + tokens.values().iterator().next())
                    .contains("not there are 8 rows");
        }
    }

    /// By the token: the rig's clock is not the system's.
    private static List<String> checked(Rig rig, CrashHistory history) {
        Random token =
                new Random() {
                    @Override
                    public boolean nextBoolean() {
                        return true;
                    }
                };
        return history.check(
                rig.service(),
                true,
                token,
                (service, ref) -> {
                    Map<Integer, NavigableMap<String, String>> rows = new HashMap<>();
                    service.rows(CrashOp.SPACE, ref, Optional.empty(), 1_000, true)
                            .rows()
                            .forEach(row ->
                                    rows.computeIfAbsent(
                                                    (int) CrashOp.writer(row.id()),
                                                    _ -> new TreeMap<>())
                                            .put(row.id(), CrashOp.value(row)));
                    return rows;
                });
    }

    private static boolean isOf(String collection, CrashOp operation) {
        return operation instanceof CrashStep step
                ? step.collection().equals(collection)
                : ((CrashDependent) operation).collection().equals(collection);
    }

    @Test
    void rowsMayBeGoneOnlyWhenTheyHaveExpired() {
        Map<String, String> known = Map.of("a", "1-0-1@5000", "b", "1-0-1");
        Map<String, String> found = Map.of("b", "1-0-1");
        assertThat(CrashWorld.fits(known, found, reading(5_000))).isTrue();
        assertThat(CrashWorld.fits(known, found, reading(4_999))).isFalse();
        assertThat(CrashWorld.fits(known, known, reading(4_999))).isTrue();
        assertThat(CrashWorld.fits(known, known, reading(5_000))).isFalse();
        assertThat(CrashWorld.fits(Map.of("a", "1-0-1@?"), Map.of(), reading(0))).isTrue();
        assertThat(CrashWorld.fits(found, known, reading(0))).isFalse();
    }

    private static CrashWorld.Reading reading(long millis) {
        return new CrashWorld.Reading(Instant.ofEpochMilli(millis), Instant.ofEpochMilli(millis));
    }
}
