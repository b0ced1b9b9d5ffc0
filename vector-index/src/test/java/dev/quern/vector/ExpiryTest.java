package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.vector.RowWrite.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ExpiryTest {
    @TempDir Path directory;

    private static Row row(Rig rig, String id, int seconds) {
        Instant at = rig.service().now().plusSeconds(seconds);
        return Rig.row(id, "word", Map.of("n", 1L), 1, 2)
                .expiring(seconds == 0 ? Optional.empty() : Optional.of(at));
    }

    private static void assertThere(Rig rig, String... ids) {
        float[] query = {1, 2};
        assertThat(rig.rows()).isEqualTo(ids.length);
        assertThat(rig.ids(SearchSpec.dense(query, 100))).containsExactlyInAnyOrder(ids);
        assertThat(rig.ids(SearchSpec.bm25("word", 100))).containsExactlyInAnyOrder(ids);
        assertThat(rig.ids(SearchSpec.hybrid(query, "word", 100))).containsExactlyInAnyOrder(ids);
        assertThat(rig.matching(new Filter.Eq("n", 1L), query)).containsExactlyInAnyOrder(ids);
        assertThat(rig.matching(new Filter.Not(new Filter.Eq("n", 2L)), query))
                .containsExactlyInAnyOrder(ids);
        assertThat(rig.search(SearchSpec.dense(query, 1)).rows()).isEqualTo(ids.length);
        CollectionService service = rig.service();
        assertThat(service.count(SPACE, NAME, Optional.empty())).isEqualTo(ids.length);
        assertThat(service.count(SPACE, NAME, Optional.of(new Filter.Eq("n", 1L))))
                .isEqualTo(ids.length);
        assertThat(service.stats(SPACE, NAME).rows()).isEqualTo(ids.length);
        assertThat(service.rows(SPACE, NAME, Optional.empty(), 100, true).rows())
                .extracting(Row::id)
                .containsExactlyInAnyOrder(ids);
        try (RowCursor cursor = service.cursor(SPACE, NAME)) {
            assertThat(cursor.collection().rows()).isEqualTo(ids.length);
            assertThat(cursor.next(100)).extracting(Row::id).containsExactlyInAnyOrder(ids);
        }
    }

    @ParameterizedTest
    @EnumSource
    void rowsAreGoneWhenTheirTimeIsOver(Rig.Stores stores) throws IOException {
        try (Rig rig = new Rig(directory, stores, Rig.checkpointEvery(5))) {
            rig.create(2, Metric.COSINE);
            rig.upsert(row(rig, "stays", 0), row(rig, "a", 10), row(rig, "b", 20));
            Instant until = rig.service().now().plusSeconds(20);
            assertThere(rig, "a", "b", "stays");
            assertThat(rig.find("b").orElseThrow().expires()).contains(until);
            rig.pass(Duration.ofMillis(9_999));
            assertThere(rig, "a", "b", "stays");
            rig.crash();
            rig.pass(Duration.ofMillis(1));
            assertThere(rig, "b", "stays");
            assertThat(rig.find("a")).isEmpty();
            rig.restart();
            assertThere(rig, "b", "stays");
            assertThat(rig.find("b").orElseThrow().expires()).contains(until);
            rig.restart();
            rig.pass(Duration.ofSeconds(10));
            // The collection is closed, its checkpoint was made with the row.
            assertThat(rig.rows()).isEqualTo(1);
            rig.loseCache();
            assertThere(rig, "stays");
        }
    }

    @Test
    void whatExpiredCountsAsAbsent() {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            rig.create(2, Metric.COSINE);
            long version = rig.upsert(row(rig, "a", 10), row(rig, "b", 10)).token();
            rig.pass(Duration.ofSeconds(10));
            CollectionService service = rig.service();
            Rig.assertKind(
                    ErrorKind.CONFLICT,
                    "found no row",
                    () ->
                            service.write(
                                    SPACE,
                                    NAME,
                                    new RowWrite(
                                            Mode.UPSERT,
                                            List.of(RowChange.ifVersion(row(rig, "a", 0), version)),
                                            List.of())));
            List<Row> rows = List.of(row(rig, "a", 0), row(rig, "b", 0));
            assertThat(service.write(SPACE, NAME, RowWrite.of(Mode.UPDATE, rows)).upserted())
                    .isZero();
            assertThat(service.write(SPACE, NAME, RowWrite.of(Mode.PATCH, rows)).upserted())
                    .isZero();
            assertThat(rig.write(WriteBatch.delete(List.of("a"))).deleted()).isZero();
            assertThat(service.write(SPACE, NAME, RowWrite.of(Mode.INSERT, rows)).upserted())
                    .isEqualTo(2);
            assertThere(rig, "a", "b");
            assertThat(rig.find("b").orElseThrow().expires()).isEmpty();
        }
    }

    @Test
    void aPatchKeepsTheTimeUnlessItGivesOne() {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            rig.create(2, Metric.COSINE);
            rig.upsert(row(rig, "a", 10));
            Optional<Instant> before = rig.find("a").orElseThrow().expires();
            Row patch = new Row("a", Map.of(), Map.of(), Map.of("n", 2L));
            rig.service().write(SPACE, NAME, RowWrite.of(Mode.PATCH, List.of(patch)));
            assertThat(rig.find("a").orElseThrow().expires()).isEqualTo(before);
            Instant later = rig.service().now().plusSeconds(99);
            rig.service()
                    .write(
                            SPACE,
                            NAME,
                            RowWrite.of(Mode.PATCH, List.of(patch.expiring(Optional.of(later)))));
            assertThat(rig.find("a").orElseThrow().expires()).contains(later);
        }
    }

    @Test
    void whatExpiredIsDeletedByAWrite() throws IOException {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            rig.create(2, Metric.COSINE);
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < 2_500; i++) {
                rows.add(row(rig, "r" + i, 10));
            }
            rows.add(row(rig, "stays", 0));
            rows.add(row(rig, "later", 99));
            rig.write(WriteBatch.upsert(rows));
            rig.rows();
            int facts = rig.tailFacts();
            rig.pass(Duration.ofSeconds(10));
            // Written anew before the sweep gets to it.
            rig.upsert(row(rig, "r7", 0));
            rig.service().sweep();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (rig.tailFacts() < facts + 4 && System.nanoTime() < deadline) {
                rig.service().sweep();
            }
            assertThat(rig.tailFacts()).isEqualTo(facts + 4);
            rig.service().sweep();
            assertThat(rig.tailFacts()).isEqualTo(facts + 4);
            assertThere(rig, "later", "r7", "stays");
            rig.crash();
            assertThere(rig, "later", "r7", "stays");
        }
    }

    @Test
    void whatExpiredLeavesTheDiskThoughNobodyOpensIt() {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            int due = ClosedSweeps.MAX_OPENED + 2;
            for (int i = 0; i < due; i++) {
                fill(rig, "due-" + i, row(rig, "gone", 10), row(rig, "stays", 0));
            }
            fill(rig, "later", row(rig, "a", 99));
            fill(rig, "never", row(rig, "a", 0));
            rig.restart();
            rig.service().sweepClosed();
            assertThat(rowsKept(rig)).as("nothing is due").hasSize(due + 2).containsOnly(1L, 2L);
            rig.pass(Duration.ofSeconds(10));
            rig.service().sweep();
            rig.restart();
            assertThat(rowsKept(rig)).as("not open").filteredOn(n -> n == 2).hasSize(due);
            rig.service().sweepClosed();
            rig.restart();
            assertThat(rowsKept(rig)).filteredOn(n -> n == 2).hasSize(2);
            rig.service().sweepClosed();
            long token = rig.facts().appliedIndex();
            rig.service().sweepClosed();
            assertThat(rig.facts().appliedIndex()).as("all is done").isEqualTo(token);
            rig.restart();
            assertThat(rowsKept(rig)).containsOnly(1L);
            assertThat(rig.service().rows(SPACE, "due-0", Optional.empty(), 10, false).rows())
                    .extracting(Row::id)
                    .containsExactly("stays");
        }
    }

    private static void fill(Rig rig, String name, Row... rows) {
        CollectionSpec spec = new CollectionSpec(name, 2, Metric.COSINE, Optional.empty());
        rig.service().create(SPACE, spec, false);
        rig.service().write(SPACE, name, WriteBatch.upsert(List.of(rows)));
    }

    /// What each collection's checkpoint has, expired or not.
    private static List<Long> rowsKept(Rig rig) {
        return rig.facts().scan(SPACE, Keys.CHECKPOINTS, Optional.empty(), 100).stream()
                .map(fact -> CheckpointFormat.decode(fact.value()).rows())
                .toList();
    }

    @Test
    void snapshotsHideWhatExpired() {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            rig.create(2, Metric.COSINE);
            rig.upsert(row(rig, "stays", 0), row(rig, "a", 10));
            rig.service().versions().snapshot(SPACE, NAME, "s");
            CollectionRef at = CollectionRef.at(NAME, "s");
            assertThat(rig.service().get(SPACE, at).rows()).isEqualTo(2);
            rig.pass(Duration.ofSeconds(10));
            assertThat(rig.service().get(SPACE, at).rows()).isEqualTo(1);
            assertThat(rig.service().find(SPACE, at, "a")).isEmpty();
            assertThat(rig.service().count(SPACE, at, Optional.empty())).isEqualTo(1);
        }
    }

    @Test
    void refusesTimesOutOfRange() {
        Rig.assertKind(
                ErrorKind.INVALID,
                "row \"a\" expires at +10000-01-01T00:00:00Z, outside",
                () ->
                        Rig.row("a", 1)
                                .expiring(Optional.of(Instant.parse("+10000-01-01T00:00:00Z"))));
    }
}
