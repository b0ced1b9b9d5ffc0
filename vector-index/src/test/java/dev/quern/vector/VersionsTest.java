package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.storage.GcRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Aliases, renames, snapshots, branches and rollbacks.
final class VersionsTest {
    @TempDir Path directory;

    private @Nullable Rig opened;

    private Rig rig(Rig.Stores stores) {
        Rig rig = new Rig(directory, stores, Rig.checkpointEvery(1_000));
        opened = rig;
        rig.create(2, Metric.L2);
        return rig;
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
        }
    }

    static void snapshot(Rig rig, String name) {
        rig.service().versions().snapshot(SPACE, NAME, name);
    }

    static void rollback(Rig rig, String snapshot) {
        rig.service().versions().rollback(SPACE, NAME, snapshot);
    }

    static void branch(Rig rig, CollectionRef source, String name) {
        rig.service().versions().branch(SPACE, source, name);
    }

    static void upsert(Rig rig, String collection, String id) {
        rig.service()
                .write(
                        SPACE,
                        collection,
                        WriteBatch.upsert(List.of(row(id, "word " + id, Map.of("id", id), 1, 2))));
    }

    static List<String> ids(Rig rig, CollectionRef ref) {
        SearchSpec spec = SearchSpec.dense(new float[] {0, 0}, 1_000);
        List<String> found =
                rig.service().search(SPACE, ref, spec).hits().stream()
                        .map(hit -> hit.row().id())
                        .sorted()
                        .toList();
        RowPage page = rig.service().rows(SPACE, ref, Optional.empty(), 1_000, false);
        assertThat(page.rows()).extracting(Row::id).containsExactlyElementsOf(found);
        assertThat(rig.service().count(SPACE, ref, Optional.empty())).isEqualTo(found.size());
        assertThat(rig.service().get(SPACE, ref).rows()).isEqualTo(found.size());
        List<String> exported = new ArrayList<>();
        try (RowCursor cursor = rig.service().cursor(SPACE, ref)) {
            cursor.next(1_000).forEach(row -> exported.add(row.id()));
        }
        assertThat(exported).containsExactlyInAnyOrderElementsOf(found);
        return found;
    }

    static List<String> ids(Rig rig, String name) {
        return ids(rig, CollectionRef.of(name));
    }

    private static List<String> at(Rig rig, String snapshot) {
        return ids(rig, CollectionRef.at(NAME, snapshot));
    }

    private static void collect(Rig rig) {
        GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
        rig.maintenance().gc(now);
        var report = rig.maintenance().gc(now);
        assertThat(report.spaces()).allMatch(space -> space.problem().isEmpty());
    }

    @Test
    void anAliasMeansTheCollectionAndIsSwitchedAtOnce() {
        Rig rig = rig(Rig.Stores.FAKE);
        CollectionService service = rig.service();
        service.create(SPACE, new CollectionSpec("other", 2, Metric.L2, Optional.empty()), false);
        CatalogNames names = service.names();
        names.setAlias(SPACE, "live", NAME);
        upsert(rig, "live", "a");
        assertThat(ids(rig, NAME)).containsExactly("a");
        assertThat(ids(rig, "live")).containsExactly("a");
        assertThat(service.get(SPACE, "live").name()).isEqualTo(NAME);
        assertThat(service.get(SPACE, NAME).aliases()).containsExactly("live");
        names.setAlias(SPACE, "live", "other");
        names.setAlias(SPACE, "live", "other");
        assertThat(ids(rig, "live")).isEmpty();
        assertThat(service.get(SPACE, NAME).aliases()).isEmpty();
        names.setAlias(SPACE, "beta", "live");
        assertThat(names.aliases(SPACE))
                .isEqualTo(new TreeMap<>(Map.of("live", "other", "beta", "other")));
        rig.restart();
        assertThat(rig.service().get(SPACE, "other").aliases()).containsExactly("beta", "live");
        rig.service().names().deleteAlias(SPACE, "beta");
        assertKind(ErrorKind.NOT_FOUND, "\"beta\"", () -> ids(rig, "beta"));
    }

    @Test
    void aNameMeansOneThing() {
        Rig rig = rig(Rig.Stores.FAKE);
        CollectionService service = rig.service();
        CatalogNames names = service.names();
        names.setAlias(SPACE, "live", NAME);
        CollectionSpec live = new CollectionSpec("live", 2, Metric.L2, Optional.empty());
        assertKind(
                ErrorKind.CONFLICT,
                "\"live\" exists already",
                () -> service.create(SPACE, live, false));
        assertThat(service.create(SPACE, live, true).name()).isEqualTo(NAME);
        assertKind(ErrorKind.CONFLICT, "is a collection", () -> names.setAlias(SPACE, NAME, NAME));
        assertKind(ErrorKind.CONFLICT, "exists already", () -> names.rename(SPACE, NAME, "live"));
        assertKind(
                ErrorKind.NOT_FOUND,
                "alias \"docs\" does not exist",
                () -> names.deleteAlias(SPACE, NAME));
        assertKind(ErrorKind.NOT_FOUND, "\"none\"", () -> names.setAlias(SPACE, "live", "none"));
        assertKind(ErrorKind.INVALID, "alias name", () -> names.setAlias(SPACE, "a/b", NAME));
        assertKind(
                ErrorKind.CONFLICT,
                "\"live\" is an alias of collection \"docs\"",
                () -> service.delete(SPACE, "live"));
        service.delete(SPACE, NAME);
        assertKind(ErrorKind.NOT_FOUND, "\"live\"", () -> service.get(SPACE, "live"));
        assertThat(names.aliases(SPACE)).isEmpty();
        for (int i = 0; i < CatalogNames.MAX_ALIASES; i++) {
            if (i == 0) {
                rig.create(2, Metric.L2);
            }
            names.setAlias(SPACE, "a" + i, NAME);
        }
        assertKind(ErrorKind.INVALID, "64 aliases", () -> names.setAlias(SPACE, "more", NAME));
        names.rename(SPACE, NAME, "renamed");
        assertThat(service.get(SPACE, "a63").name()).isEqualTo("renamed");
    }

    @ParameterizedTest
    @EnumSource
    void aRenamedCollectionKeepsEverything(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores);
        upsert(rig, NAME, "a");
        CollectionInfo before = rig.service().get(SPACE, NAME);
        snapshot(rig, "first");
        rig.service().names().setAlias(SPACE, "live", NAME);
        upsert(rig, "live", "b");
        rig.service().names().rename(SPACE, "live", "papers");
        upsert(rig, "papers", "c");
        assertKind(ErrorKind.NOT_FOUND, "\"docs\"", () -> upsert(rig, NAME, "d"));
        rig.crash();
        upsert(rig, "live", "d");
        rig.loseCache();
        assertThat(ids(rig, "papers")).containsExactly("a", "b", "c", "d");
        assertThat(ids(rig, "live")).containsExactly("a", "b", "c", "d");
        assertThat(ids(rig, CollectionRef.at("papers", "first"))).containsExactly("a");
        CollectionInfo after = rig.service().get(SPACE, "live");
        assertThat(after.id()).isEqualTo(before.id());
        assertThat(after.name()).isEqualTo("papers");
        rig.create(2, Metric.L2);
        assertThat(ids(rig, NAME)).isEmpty();
        rig.service().write(SPACE, before, WriteBatch.delete(List.of("a")));
        assertThat(ids(rig, "papers")).containsExactly("b", "c", "d");
    }

    @Test
    void writersUnderANameThatIsSwitchedLoseNothing() throws InterruptedException {
        Rig rig = rig(Rig.Stores.FAKE);
        CollectionService service = rig.service();
        service.create(SPACE, new CollectionSpec("b", 2, Metric.L2, Optional.empty()), false);
        service.names().rename(SPACE, NAME, "a");
        service.names().setAlias(SPACE, "live", "a");
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> writers = new ArrayList<>();
        List<List<String>> written = new ArrayList<>();
        for (int w = 0; w < 4; w++) {
            String prefix = "w" + w + "-";
            List<String> ids = new ArrayList<>();
            written.add(ids);
            writers.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; !stop.get(); i++) {
                                    upsert(rig, "live", prefix + i);
                                    ids.add(prefix + i);
                                }
                            }));
        }
        for (int i = 0; i < 20; i++) {
            service.names().setAlias(SPACE, "live", i % 2 == 0 ? "b" : "a");
        }
        stop.set(true);
        for (Thread writer : writers) {
            writer.join();
        }
        List<String> all = new ArrayList<>();
        for (String name : List.of("a", "b")) {
            try (RowCursor cursor = service.cursor(SPACE, name)) {
                for (List<Row> rows = cursor.next(100); !rows.isEmpty(); rows = cursor.next(100)) {
                    rows.forEach(row -> all.add(row.id()));
                }
            }
        }
        assertThat(all)
                .containsExactlyInAnyOrderElementsOf(
                        written.stream().flatMap(List::stream).toList());
    }

    @Test
    void aBatchIsMadeForTheFieldsOfTheCollectionThatItLandsIn() {
        Rig rig = rig(Rig.Stores.FAKE);
        CollectionService service = rig.service();
        service.create(SPACE, new CollectionSpec("wide", 3, Metric.L2, Optional.empty()), false);
        service.names().setAlias(SPACE, "live", NAME);
        List<Integer> made = new ArrayList<>();
        service.write(
                SPACE,
                "live",
                schema -> {
                    int dims = Objects.requireNonNull(schema.vectors().get("vector")).dims();
                    made.add(dims);
                    // The name comes to mean the other before the first batch is written.
                    service.names().setAlias(SPACE, "live", "wide");
                    return RowWrite.of(RowWrite.Mode.UPSERT, List.of(row("a", new float[dims])));
                });
        assertThat(made).containsExactly(2, 3);
        assertThat(ids(rig, NAME)).isEmpty();
        assertThat(service.find(SPACE, "wide", "a")).isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void aSnapshotStaysAsItWas(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores);
        snapshot(rig, "empty");
        upsert(rig, NAME, "a");
        long token = rig.upsert(row("b", 3, 4)).token();
        snapshot(rig, "two");
        rig.write(WriteBatch.delete(List.of("a")));
        rig.upsert(row("c", "text", Map.of("later", 1), 5, 6));
        assertThat(at(rig, "two")).containsExactly("a", "b");
        assertThat(at(rig, "empty")).isEmpty();
        assertThat(ids(rig, NAME)).containsExactly("b", "c");
        CollectionService service = rig.service();
        CollectionRef two = CollectionRef.at(NAME, "two");
        assertThat(service.find(SPACE, two, "a")).isPresent();
        assertThat(service.find(SPACE, two, "c")).isEmpty();
        assertThat(service.stats(SPACE, two).rows()).isEqualTo(2);
        assertThat(service.schema(SPACE, two).attributes()).containsOnlyKeys("id");
        assertKind(
                ErrorKind.INVALID,
                "later",
                () -> service.count(SPACE, two, Optional.of(new Filter.Eq("later", 1L))));
        SnapshotInfo info = service.versions().snapshotInfo(SPACE, NAME, "two");
        assertThat(info.token()).isEqualTo(token);
        assertThat(info.rows()).isEqualTo(2);
        assertThat(info.bytes()).isPositive();
        rig.crash();
        assertThat(at(rig, "two")).containsExactly("a", "b");
        rig.loseCache();
        assertThat(at(rig, "two")).containsExactly("a", "b");
        assertThat(rig.service().versions().snapshots(SPACE, NAME))
                .extracting(SnapshotInfo::name)
                .containsExactly("empty", "two");
        rig.service().versions().deleteSnapshot(SPACE, NAME, "two");
        assertKind(ErrorKind.NOT_FOUND, "no snapshot \"two\"", () -> at(rig, "two"));
        assertThat(ids(rig, NAME)).containsExactly("b", "c");
    }

    @Test
    void badSnapshotsAreRefused() {
        Rig rig = rig(Rig.Stores.FAKE);
        CollectionVersions versions = rig.service().versions();
        snapshot(rig, "one");
        assertKind(ErrorKind.CONFLICT, "has a snapshot \"one\"", () -> snapshot(rig, "one"));
        assertKind(ErrorKind.INVALID, "snapshot name", () -> snapshot(rig, "a b"));
        assertKind(ErrorKind.NOT_FOUND, "no snapshot \"two\"", () -> at(rig, "two"));
        assertKind(ErrorKind.NOT_FOUND, "no snapshot \"two\"", () -> rollback(rig, "two"));
        assertKind(
                ErrorKind.NOT_FOUND,
                "no snapshot \"two\"",
                () -> branch(rig, CollectionRef.at(NAME, "two"), "b"));
        assertKind(
                ErrorKind.NOT_FOUND,
                "no snapshot \"two\"",
                () -> versions.deleteSnapshot(SPACE, NAME, "two"));
        assertKind(ErrorKind.NOT_FOUND, "\"none\"", () -> versions.snapshot(SPACE, "none", "one"));
        assertKind(
                ErrorKind.CONFLICT,
                "exists already",
                () -> branch(rig, CollectionRef.of(NAME), NAME));
        assertKind(
                ErrorKind.INVALID,
                "collection name",
                () -> branch(rig, CollectionRef.of(NAME), "a/b"));
        // A refused step leaves the collection usable.
        upsert(rig, NAME, "a");
        assertThat(ids(rig, NAME)).containsExactly("a");
    }

    @ParameterizedTest
    @EnumSource
    void aBranchAndItsSourceGoApart(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores);
        upsert(rig, NAME, "a");
        snapshot(rig, "first");
        upsert(rig, NAME, "b");
        branch(rig, CollectionRef.of(NAME), "live-branch");
        branch(rig, CollectionRef.at(NAME, "first"), "old-branch");
        upsert(rig, NAME, "c");
        upsert(rig, "live-branch", "d");
        upsert(rig, "old-branch", "e");
        for (int round = 0; round < 3; round++) {
            assertThat(ids(rig, NAME)).containsExactly("a", "b", "c");
            assertThat(ids(rig, "live-branch")).containsExactly("a", "b", "d");
            assertThat(ids(rig, "old-branch")).containsExactly("a", "e");
            switch (round) {
                case 0 -> rig.crash();
                case 1 -> rig.restart();
                default -> rig.loseCache();
            }
        }
        rig.service().delete(SPACE, NAME);
        if (stores == Rig.Stores.REAL) {
            collect(rig);
        }
        rig.loseCache();
        assertThat(ids(rig, "live-branch")).containsExactly("a", "b", "d");
        assertThat(ids(rig, "old-branch")).containsExactly("a", "e");
        if (stores == Rig.Stores.REAL) {
            assertThat(rig.maintenance().fsck(new ByteSize(0)).isClean()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRollbackBringsTheRowsBack(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores);
        rig.service().names().setAlias(SPACE, "live", NAME);
        upsert(rig, NAME, "a");
        snapshot(rig, "first");
        rig.upsert(row("b", "text", Map.of("later", "x"), 5, 6));
        snapshot(rig, "second");
        long before = rig.upsert(row("c", 5, 6)).token();
        rollback(rig, "first");
        assertThat(ids(rig, NAME)).containsExactly("a");
        assertThat(rig.tailFacts()).isZero();
        assertThat(rig.service().schema(SPACE, NAME).attributes()).containsOnlyKeys("id");
        // The type that the attribute had is gone, too.
        long after = rig.upsert(row("d", "text", Map.of("later", 1), 5, 6)).token();
        assertThat(after).isGreaterThan(before);
        rig.crash();
        assertThat(ids(rig, "live")).containsExactly("a", "d");
        rig.loseCache();
        assertThat(ids(rig, NAME)).containsExactly("a", "d");
        rollback(rig, "second");
        assertThat(ids(rig, NAME)).containsExactly("a", "b");
        rollback(rig, "second");
        rig.crash();
        assertThat(ids(rig, NAME)).containsExactly("a", "b");
        if (stores == Rig.Stores.REAL) {
            collect(rig);
            rig.service().versions().deleteSnapshot(SPACE, NAME, "second");
            collect(rig);
        }
        rig.loseCache();
        assertThat(ids(rig, NAME)).containsExactly("a", "b");
        assertThat(at(rig, "first")).containsExactly("a");
    }

    @Test
    void aTargetOfManyWritesIsRefusedAfterARollback() {
        Rig rig = rig(Rig.Stores.FAKE);
        snapshot(rig, "first");
        CollectionInfo known = rig.service().get(SPACE, NAME);
        rig.service().write(SPACE, known, WriteBatch.upsert(List.of(row("a", 1, 2))));
        rollback(rig, "first");
        assertKind(
                ErrorKind.CONFLICT,
                "rolled back",
                () ->
                        rig.service()
                                .write(SPACE, known, WriteBatch.upsert(List.of(row("b", 1, 2)))));
    }

    @Test
    void openSnapshotsAreBoundedAndLeaveNoFiles() throws IOException {
        Rig rig = rig(Rig.Stores.FAKE);
        upsert(rig, NAME, "a");
        snapshot(rig, "one");
        try (RowCursor cursor = rig.service().cursor(SPACE, CollectionRef.at(NAME, "one"))) {
            assertThat(cachesOfSnapshots(rig)).isEqualTo(1);
            rig.pass(OpenSnapshots.MAX_IDLE.plusSeconds(1));
            assertThat(cachesOfSnapshots(rig)).isZero();
            assertThat(cursor.next(10)).hasSize(1);
        }
        assertThat(at(rig, "one")).containsExactly("a");
        rig.service().delete(SPACE, NAME);
        assertThat(cachesOfSnapshots(rig)).isZero();
    }

    private static long cachesOfSnapshots(Rig rig) throws IOException {
        try (Stream<Path> files = Files.list(rig.cache().resolve(SPACE.value()))) {
            return files.filter(file -> file.getFileName().toString().contains(".")).count();
        }
    }
}
