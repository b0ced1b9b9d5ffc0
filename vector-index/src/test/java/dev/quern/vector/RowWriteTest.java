package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.vector.RowChange.Removed;
import dev.quern.vector.RowWrite.Delete;
import dev.quern.vector.RowWrite.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RowWriteTest {
    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
        rig.create(2, Metric.COSINE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static Row row(String id, long n) {
        return Rig.row(id, "text " + n, Map.of("n", n), 3, 4);
    }

    private WriteResult write(Mode mode, Row... rows) {
        return rig.service().write(SPACE, NAME, RowWrite.of(mode, List.of(rows)));
    }

    private WriteResult write(RowWrite write) {
        return rig.service().write(SPACE, NAME, write);
    }

    private static RowWrite changes(Mode mode, RowChange... changes) {
        return new RowWrite(mode, List.of(changes), List.of());
    }

    private long n(String id) {
        return (Long) rig.find(id).orElseThrow().attributes().getOrDefault("n", -1L);
    }

    @Test
    void rowsHaveTheTokenOfTheirWrite() throws IOException {
        long first = rig.upsert(row("a", 1), row("b", 1)).token();
        long second = rig.upsert(row("b", 2)).token();
        for (int round = 0; round < 3; round++) {
            assertThat(rig.find("a").orElseThrow().version()).isEqualTo(first);
            assertThat(rig.find("b").orElseThrow().version()).isEqualTo(second);
            if (round == 0) {
                rig.crash();
            } else {
                rig.restart();
            }
        }
        SearchSpec spec = SearchSpec.dense(new float[] {3, 4}, 10);
        SearchOptions versions = spec.options().with(spec.options().fields().withVersions());
        assertThat(rig.search(new SearchSpec(spec.legs(), versions)).hits())
                .extracting(hit -> hit.row().version())
                .containsExactly(first, second);
        assertThat(rig.search(spec).hits()).allMatch(hit -> hit.row().version() == 0);
        SearchOptions bare = spec.options().with(RowFields.none().withVersions());
        assertThat(rig.search(new SearchSpec(spec.legs(), bare)).hits())
                .extracting(hit -> hit.row().version())
                .containsExactly(first, second);
        assertThat(rig.service().rows(SPACE, NAME, Optional.empty(), 9, false).rows())
                .extracting(Row::version)
                .containsExactly(first, second);
        try (RowCursor cursor = rig.service().cursor(SPACE, NAME)) {
            assertThat(cursor.next(10)).extracting(Row::version).contains(first, second);
        }
    }

    @Test
    void insertSkipsWhatIsThere() throws IOException {
        rig.upsert(row("a", 1));
        WriteResult result = write(Mode.INSERT, row("a", 2), row("b", 2), row("c", 2));
        assertThat(result.upserted()).isEqualTo(2);
        assertThat(result.skipped()).isEqualTo(new WriteResult.Skipped(1, List.of("a")));
        assertThat(n("a")).isEqualTo(1);
        assertThat(n("b")).isEqualTo(2);
        WriteResult none = write(Mode.INSERT, row("a", 3), row("b", 3));
        assertThat(none.upserted()).isZero();
        assertThat(none.token()).isEqualTo(result.token());
        assertThat(none.skipped().ids()).containsExactly("a", "b");
        rig.crash();
        assertThat(n("b")).isEqualTo(2);
        assertThat(write(Mode.INSERT, row("b", 9)).skipped().count()).isEqualTo(1);
    }

    @Test
    void updateSkipsWhatIsNotThere() {
        rig.upsert(row("a", 1), row("gone", 1));
        rig.write(WriteBatch.delete(List.of("gone")));
        WriteResult result = write(Mode.UPDATE, row("a", 2), row("gone", 2), row("never", 2));
        assertThat(result.upserted()).isEqualTo(1);
        assertThat(result.skipped().ids()).containsExactly("gone", "never");
        assertThat(n("a")).isEqualTo(2);
        assertThat(rig.rows()).isEqualTo(1);
    }

    @Test
    void modesSeeWhatNoSearchHasShown() {
        for (int i = 0; i < 50; i++) {
            assertThat(write(Mode.INSERT, row("r" + i, 1)).upserted()).isEqualTo(1);
            assertThat(write(Mode.INSERT, row("r" + i, 2)).upserted()).isZero();
            assertThat(write(Mode.UPDATE, row("r" + i, 3)).upserted()).isEqualTo(1);
            if (i % 3 == 0) {
                rig.write(WriteBatch.delete(List.of("r" + i)));
                assertThat(write(Mode.UPDATE, row("r" + i, 4)).upserted()).isZero();
            }
            if (i % 7 == 0) {
                rig.write(WriteBatch.deleteWhere(new Filter.Eq("n", 3L)));
                assertThat(write(Mode.INSERT, row("r" + i, 5)).upserted()).isEqualTo(1);
            }
        }
    }

    @Test
    void skippedIdsAreBounded() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            rows.add(row("r" + i, i));
        }
        WriteResult.Skipped skipped =
                rig.service().write(SPACE, NAME, RowWrite.of(Mode.UPDATE, rows)).skipped();
        assertThat(skipped.count()).isEqualTo(3_000);
        assertThat(skipped.ids()).hasSize(1_000).startsWith("r0", "r1");
    }

    @Test
    void patchMerges() throws IOException {
        rig.upsert(Rig.row("a", "old", Map.of("n", 1L, "keep", "k", "drop", true), 3, 4));
        float[] before = rig.find("a").orElseThrow().vector();
        Row given = new Row("a", Map.of(), Map.of("text", "new"), Map.of("n", 2, "more", 1.5));
        Removed removed = new Removed(Set.of(), Set.of(), Set.of("drop", "never"));
        WriteResult result =
                write(changes(Mode.PATCH, new RowChange(given, removed, OptionalLong.empty())));
        for (int round = 0; round < 2; round++) {
            Row row = rig.find("a").orElseThrow();
            assertThat(row.attributes()).isEqualTo(Map.of("n", 2L, "keep", "k", "more", 1.5));
            assertThat(row.text()).contains("new");
            assertThat(row.vector()).containsExactly(before);
            assertThat(row.version()).isEqualTo(result.token());
            assertThat(rig.ids(SearchSpec.bm25("new", 5))).containsExactly("a");
            assertThat(rig.ids(SearchSpec.bm25("old", 5))).isEmpty();
            rig.crash();
        }
        write(Mode.PATCH, new Row("a", Map.of("vector", new float[] {1, 0}), Map.of(), Map.of()));
        assertThat(rig.find("a").orElseThrow().vector()).containsExactly(1, 0);
        Removed texts = new Removed(Set.of(), Set.of("text"), Set.of());
        write(
                changes(
                        Mode.PATCH,
                        new RowChange(
                                new Row("a", Map.of(), Map.of(), Map.of()),
                                texts,
                                OptionalLong.empty())));
        assertThat(rig.find("a").orElseThrow().texts()).isEmpty();
        assertThat(write(Mode.PATCH, new Row("b", Map.of(), Map.of(), Map.of())).skipped().ids())
                .containsExactly("b");
    }

    @Test
    void aPatchThatBreaksTheRowIsRefused() {
        rig.upsert(row("a", 1));
        Row empty = new Row("a", Map.of(), Map.of(), Map.of());
        Removed vector = new Removed(Set.of("vector"), Set.of(), Set.of());
        Rig.assertKind(
                ErrorKind.INVALID,
                "row \"a\": has no vector",
                () ->
                        write(
                                changes(
                                        Mode.PATCH,
                                        new RowChange(empty, vector, OptionalLong.empty()))));
        Map<String, Object> many = new TreeMap<>();
        for (int i = 0; i < 64; i++) {
            many.put("x" + i, i);
        }
        Rig.assertKind(
                ErrorKind.INVALID,
                "has 65 attributes",
                () -> write(Mode.PATCH, new Row("a", Map.of(), Map.of(), many)));
        Rig.assertKind(
                ErrorKind.INVALID,
                "\"n\" is a 64-bit integer",
                () -> write(Mode.PATCH, new Row("a", Map.of(), Map.of(), Map.of("n", "x"))));
        Rig.assertKind(
                ErrorKind.INVALID,
                "no vector field \"other\"",
                () ->
                        write(
                                changes(
                                        Mode.PATCH,
                                        new RowChange(
                                                empty,
                                                new Removed(Set.of("other"), Set.of(), Set.of()),
                                                OptionalLong.empty()))));
        Rig.assertKind(
                ErrorKind.INVALID,
                "only a patch removes",
                () ->
                        write(
                                changes(
                                        Mode.UPDATE,
                                        new RowChange(row("a", 1), vector, OptionalLong.empty()))));
        assertThat(n("a")).isEqualTo(1);
        // None of the refused rows has left an attribute in the schema.
        assertThat(rig.service().schema(SPACE, NAME).attributes()).containsOnlyKeys("n");
    }

    @Test
    void patchesWhereAFilterMatches() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            rows.add(row("r" + i, i));
        }
        rig.upsert(rows.toArray(Row[]::new));
        Filter low =
                new Filter.Range(
                        "n",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(10L));
        RowChange patch =
                new RowChange(
                        new Row("patch", Map.of(), Map.of(), Map.of("low", true)),
                        new Removed(Set.of(), Set.of(), Set.of("n")),
                        OptionalLong.empty());
        WriteResult result = rig.service().patch(SPACE, NAME, low, patch);
        assertThat(result.upserted()).isEqualTo(10);
        assertThat(rig.service().patch(SPACE, NAME, low, patch).upserted()).isZero();
        rig.crash();
        assertThat(rig.service().count(SPACE, NAME, Optional.of(new Filter.Eq("low", true))))
                .isEqualTo(10);
        assertThat(rig.rows()).isEqualTo(30);
        Rig.assertKind(
                ErrorKind.INVALID,
                "nose",
                () -> rig.service().patch(SPACE, NAME, new Filter.Eq("nose", 1L), patch));
        for (int i = 0; i < 10_001; i += 1_429) {
            List<Row> more = new ArrayList<>();
            for (int j = i; j < i + 1_429; j++) {
                more.add(row("m" + j, 0));
            }
            rig.upsert(more.toArray(Row[]::new));
        }
        Rig.assertKind(
                ErrorKind.INVALID,
                "more than 10000 rows match",
                () -> rig.service().patch(SPACE, NAME, low, patch));
    }

    @Test
    void anotherVersionRefusesTheWholeBatch() throws IOException {
        long first = rig.upsert(row("a", 1), row("b", 1)).token();
        RowChange a = RowChange.ifVersion(row("a", 2), first);
        RowChange absent = RowChange.ifVersion(row("b", 2), 0);
        Rig.assertKind(
                ErrorKind.CONFLICT,
                "row \"b\": expected no row, found version " + first,
                () -> write(changes(Mode.UPSERT, a, absent)));
        assertThat(n("a")).isEqualTo(1);
        long second = write(changes(Mode.UPSERT, a)).token();
        Rig.assertKind(
                ErrorKind.CONFLICT,
                "row \"a\": expected version " + first + ", found version " + second,
                () -> write(changes(Mode.UPSERT, a)));
        Rig.assertKind(
                ErrorKind.CONFLICT,
                "row \"c\": expected version 7, found no row",
                () -> write(changes(Mode.PATCH, RowChange.ifVersion(row("c", 1), 7))));
        write(changes(Mode.UPSERT, RowChange.ifVersion(row("c", 1), 0)));
        rig.crash();
        assertThat(n("a")).isEqualTo(2);
        assertThat(rig.find("a").orElseThrow().version()).isEqualTo(second);
        write(changes(Mode.PATCH, RowChange.ifVersion(row("a", 3), second)));
        assertThat(n("a")).isEqualTo(3);
        Rig.assertKind(
                ErrorKind.INVALID,
                "must not be below 0",
                () -> write(changes(Mode.UPSERT, RowChange.ifVersion(row("a", 1), -1))));
    }

    @Test
    void deletesUnderAVersion() {
        long first = rig.upsert(row("a", 1), row("b", 1)).token();
        Rig.assertKind(
                ErrorKind.CONFLICT,
                "expected version " + (first + 1) + ", found version " + first,
                () -> write(RowWrite.deleteIf("a", first + 1)));
        assertThat(write(RowWrite.deleteIf("a", first)).deleted()).isEqualTo(1);
        assertThat(rig.find("a")).isEmpty();
        RowWrite both =
                new RowWrite(
                        Mode.UPSERT,
                        List.of(RowChange.ifVersion(row("c", 1), 0)),
                        List.of(
                                new Delete("b", OptionalLong.of(first)),
                                new Delete("a", OptionalLong.empty())));
        WriteResult result = write(both);
        assertThat(result.deleted()).isEqualTo(1);
        assertThat(result.upserted()).isEqualTo(1);
        assertThat(rig.rows()).isEqualTo(1);
        Rig.assertKind(
                ErrorKind.INVALID,
                "written and deleted",
                () ->
                        write(
                                new RowWrite(
                                        Mode.INSERT,
                                        List.of(RowChange.of(row("c", 1))),
                                        List.of(new Delete("c", OptionalLong.empty())))));
    }

    @Test
    void ofOneIdTheLastCounts() {
        long first = rig.upsert(row("a", 1)).token();
        write(
                changes(
                        Mode.UPSERT,
                        RowChange.ifVersion(row("a", 2), first + 100),
                        RowChange.ifVersion(row("a", 3), first)));
        assertThat(n("a")).isEqualTo(3);
    }
}
