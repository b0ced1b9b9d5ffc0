package dev.quern.embed;

import static dev.quern.embed.TestModels.MINILM;
import static dev.quern.embed.TestServices.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.RowPage;
import dev.quern.vector.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Syncs on the real services and the real model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class VolumeIndexerTest {
    private static final String V = "docs";
    private static final String C = "index";

    private EmbedService embedder;
    private Path directory;
    private TestServices services;

    @BeforeAll
    @SuppressWarnings("MustBeClosedChecker") // closed after the last test
    void openModel() {
        embedder = EmbedService.open(new EmbedConfig(TestModels.DIRECTORY, 2, 4_096, 512));
    }

    @AfterAll
    void closeModel() {
        embedder.close();
    }

    @BeforeEach
    void open(@TempDir Path temp) {
        directory = temp;
        services = new TestServices(temp, embedder, SyncLimits.DEFAULT);
        services.volumes.create(SPACE, V, false);
        create(C);
    }

    @AfterEach
    void close() {
        services.close();
    }

    @Test
    void indexesFilesOfAllKinds() {
        services.put(V, "a.md", "# Mill\n\nGrinds grain.\n\n## Stone\nIs round.\n");
        services.put(V, "notes/b.txt", "First.\n\nSecond.\n");
        services.put(V, "c.jsonl", "{\"_id\":\"x\",\"title\":\"T\",\"text\":\"body\"}\nbad\n");
        services.put(V, "empty.txt", "");
        services.put(V, "binary.bin", new byte[] {1, 0, 2});
        services.put(V, "latin.txt", "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        services.commit(V);
        SyncReport report = sync(C, SyncSpec.of(V));
        assertThat(texts(C)).containsOnlyKeys("a.md#1", "a.md#2", "notes/b.txt#1", "c.jsonl#x");
        SyncProgress totals = report.totals();
        assertThat(totals.filesTotal()).isEqualTo(6);
        assertThat(totals.filesDone()).isEqualTo(6);
        assertThat(totals.filesSkipped()).isEqualTo(2);
        assertThat(totals.rowsUpserted()).isEqualTo(4);
        assertThat(totals.tokens()).isGreaterThan(20);
        assertThat(report.skipped())
                .containsExactlyInAnyOrder(
                        "binary.bin: not text: it holds a NUL byte",
                        "latin.txt: not text: it is not UTF-8",
                        report.skipped().stream()
                                .filter(s -> s.startsWith("c.jsonl:2: "))
                                .findFirst()
                                .orElseThrow());
        Row row = services.collections.find(SPACE, C, "a.md#2").orElseThrow();
        assertThat(row.text()).contains("## Stone\nIs round.");
        assertThat(row.attributes())
                .isEqualTo(
                        Map.of("volume", V, "path", "a.md", "line", 5L, "heading", "Mill > Stone"));
    }

    @Test
    void branchesSnapshotsAndRollbacksTakeTheStateAlong() {
        services.put(V, "a.md", "first");
        services.put(V, "b.md", "kept");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        services.collections.versions().snapshot(SPACE, C, "s");
        services.collections.versions().branch(SPACE, CollectionRef.of(C), "live");
        services.put(V, "a.md", "second");
        services.put(V, "c.md", "added");
        services.commit(V);
        assertThat(sync(C, SyncSpec.of(V)).totals().filesTotal()).isEqualTo(2);
        services.collections.versions().branch(SPACE, CollectionRef.at(C, "s"), "old");
        services.collections.versions().rollback(SPACE, C, "s");
        for (String name : List.of(C, "live", "old")) {
            assertThat(texts(name).values()).as(name).containsExactly("first", "kept");
            assertThat(sync(name, SyncSpec.of(V)).totals().filesTotal()).as(name).isEqualTo(2);
            assertThat(texts(name).values()).as(name).containsExactly("second", "kept", "added");
        }
        services.collections.names().rename(SPACE, C, "renamed");
        assertThat(sync("renamed", SyncSpec.of(V)).totals().filesTotal()).isZero();
    }

    /// The state of then is not known; rows of files that are gone since must not stay.
    @Test
    void aRollbackInTheHistoryIsFollowedByASyncOfEverything() {
        services.put(V, "gone.md", "first");
        services.put(V, "kept.md", "kept");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        long token =
                Stream.of("gone.md#1", "kept.md#1")
                        .mapToLong(id ->
                                services.collections.find(SPACE, C, id).orElseThrow().version())
                        .max()
                        .orElseThrow();
        services.remove(V, "gone.md");
        services.put(V, "new.md", "second");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        services.collections.versions().rollback(SPACE, C, Long.toString(token));
        CollectionRef then = CollectionRef.at(C, Long.toString(token));
        services.collections.versions().branch(SPACE, then, "branched");
        for (String name : List.of(C, "branched")) {
            assertThat(texts(name)).as(name).containsOnlyKeys("gone.md#1", "kept.md#1");
            assertThat(sync(name, SyncSpec.of(V)).totals().rowsDeleted()).as(name).isEqualTo(2);
            assertThat(texts(name)).as(name).containsOnlyKeys("kept.md#1", "new.md#1");
            assertThat(sync(name, SyncSpec.of(V)).totals().filesTotal()).as(name).isZero();
        }
    }

    @Test
    void rowsWithoutAStateAreIndexedAnew() {
        services.put(V, "a.md", "first");
        services.commit(V);
        services.collections.versions().snapshot(SPACE, C, "empty");
        sync(C, SyncSpec.of(V));
        Row row = services.collections.find(SPACE, C, "a.md#1").orElseThrow();
        services.collections.versions().rollback(SPACE, C, "empty");
        services.collections.write(SPACE, C, WriteBatch.upsert(List.of(row)));
        services.remove(V, "a.md");
        services.put(V, "b.md", "second");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        assertThat(texts(C)).containsOnlyKeys("b.md#1");
    }

    @Test
    void followsAddsChangesRemovalsAndRenames() {
        services.put(V, "keep.md", "# Keep\nsame");
        services.put(V, "change.md", "# One\na\n# Two\nb\n# Three\nc\n");
        services.put(V, "gone.md", "# Gone\nx");
        services.put(V, "old/name.md", "# Moved\ny");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        services.put(V, "change.md", "# One\na\n# New\nd\n");
        services.remove(V, "gone.md");
        services.remove(V, "old/name.md");
        services.put(V, "new/name.md", "# Moved\ny");
        services.commit(V);
        SyncReport report = sync(C, SyncSpec.of(V));
        assertThat(texts(C))
                .containsOnlyKeys("keep.md#1", "change.md#1", "change.md#2", "new/name.md#1")
                .containsEntry("change.md#2", "# New\nd");
        assertThat(report.totals().filesTotal()).isEqualTo(4);
        assertThat(report.totals().filesDeleted()).isEqualTo(2);
        assertThat(report.totals().rowsUpserted()).isEqualTo(3);
        assertThat(report.totals().rowsDeleted()).isEqualTo(5);
        assertSameAsFresh();
    }

    @Test
    void secondSyncDoesNothing() {
        services.put(V, "a.md", "# A\na");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        SyncProgress again = sync(C, SyncSpec.of(V)).totals();
        assertThat(again.filesTotal()).isZero();
        assertThat(again.tokens()).isZero();
    }

    @Test
    void goesToAnyCommitBackToo() {
        services.put(V, "a.md", "# A\nfirst");
        String first = services.commit(V).id().hex();
        services.put(V, "a.md", "# A\nsecond");
        services.put(V, "b.md", "# B\nb");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        sync(C, new SyncSpec(V, "**", Optional.of(first)));
        assertThat(texts(C)).containsOnlyKeys("a.md#1").containsEntry("a.md#1", "# A\nfirst");
    }

    @Test
    void anotherGlobAddsAndRemovesFiles() {
        services.put(V, "a.md", "# A\na");
        services.put(V, "b.txt", "b");
        services.put(V, "x/c.md", "# C\nc");
        services.commit(V);
        sync(C, new SyncSpec(V, "**/*.md", Optional.empty()));
        assertThat(texts(C)).containsOnlyKeys("a.md#1", "x/c.md#1");
        services.put(V, "d.txt", "d");
        services.put(V, "a.md", "# A\nchanged");
        services.commit(V);
        SyncReport report = sync(C, new SyncSpec(V, "*", Optional.empty()));
        assertThat(texts(C))
                .containsOnlyKeys("a.md#1", "b.txt#1", "d.txt#1")
                .containsEntry("a.md#1", "# A\nchanged");
        assertThat(report.totals().rowsUpserted()).isEqualTo(3);
    }

    @Test
    void fileThatIsNoTextAnyMoreLosesItsRows() {
        services.put(V, "a", "text");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        services.put(V, "a", new byte[] {0});
        services.commit(V);
        assertThat(sync(C, SyncSpec.of(V)).totals().filesSkipped()).isEqualTo(1);
        assertThat(texts(C)).isEmpty();
    }

    @Test
    void rowsOfOtherOriginAreLeftAlone() {
        float[] vector = new float[384];
        vector[0] = 1;
        services.collections.write(
                SPACE,
                C,
                WriteBatch.upsert(
                        List.of(new Row("mine", Optional.of("m"), vector, Map.of("tag", "t")))));
        services.put(V, "a.md", "# A\na");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        services.remove(V, "a.md");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        assertThat(texts(C)).containsOnlyKeys("mine");
    }

    /// Dies at every commit to the log in turn, before and after it takes effect, restarts, lets
    /// the volume move on, and syncs again.
    @Test
    void survivesDyingAtEveryCommit() {
        SyncLimits tiny = new SyncLimits(2, 2, 4);
        services.close();
        services = new TestServices(directory, embedder, tiny);
        for (int i = 0; i < 8; i++) {
            services.put(V, "f" + i + ".md", "# H" + i + "\nbody\n# Again\nmore " + i);
        }
        String first = services.commit(V).id().hex();
        services.put(V, "f1.md", "# H1\nnow one section");
        services.remove(V, "f2.md");
        for (int i = 4; i < 8; i++) {
            services.put(V, "f" + i + ".md", "# H" + i + "\nchanged");
        }
        services.put(V, "new.md", "# New\n1\n# New\n2\n# New\n3");
        String second = services.commit(V).id().hex();
        services.remove(V, "new.md");
        services.remove(V, "f7.md");
        services.put(V, "f3.md", "# H3\nshort");
        services.commit(V);
        boolean died = true;
        int runs = 0;
        for (int run = 0; died; run++) {
            String name = "run-" + run;
            create(name);
            sync(name, new SyncSpec(V, "**", Optional.of(first)));
            services.facts.dieAfter(run / 2, run % 2 == 1);
            died = false;
            try {
                sync(name, new SyncSpec(V, "**", Optional.of(second)));
            } catch (QuernException e) {
                died = true;
            }
            services.facts.dieAfter(Long.MAX_VALUE, false);
            if (died) {
                services.close();
                services = new TestServices(directory, embedder, tiny);
            }
            sync(name, SyncSpec.of(V));
            assertThat(texts(name)).as("run %d", run).isEqualTo(expected());
            runs++;
        }
        assertThat(runs).isBetween(12, 60);
    }

    private static Map<String, String> expected() {
        Map<String, String> rows = new TreeMap<>();
        for (int i = 0; i < 7; i++) {
            switch (i) {
                case 1 -> rows.put("f1.md#1", "# H1\nnow one section");
                case 2 -> {}
                case 3 -> rows.put("f3.md#1", "# H3\nshort");
                case 4, 5, 6 -> rows.put("f" + i + ".md#1", "# H" + i + "\nchanged");
                default -> {
                    rows.put("f" + i + ".md#1", "# H" + i + "\nbody");
                    rows.put("f" + i + ".md#2", "# Again\nmore " + i);
                }
            }
        }
        return rows;
    }

    @Test
    void resumesAfterWhatWasDone() {
        for (int i = 0; i < 300; i++) {
            services.put(V, String.format(Locale.ROOT, "%03d.txt", i), "file number " + i);
        }
        services.commit(V);
        List<SyncProgress> seen = new ArrayList<>();
        assertThatThrownBy(() ->
                        services.indexer.sync(
                                SPACE,
                                C,
                                SyncSpec.of(V),
                                progress -> {
                                    seen.add(progress);
                                    if (seen.size() == 2) {
                                        throw new IllegalStateException("client left");
                                    }
                                }))
                .hasMessage("client left");
        assertThat(seen.getLast().filesDone()).isBetween(200L, 290L);
        SyncProgress rest = sync(C, SyncSpec.of(V)).totals();
        assertThat(rest.filesTotal()).isEqualTo(300 - seen.getLast().filesDone());
        assertThat(texts(C)).hasSize(300);
        assertSameAsFresh();
    }

    @Test
    void fileOfManyRowsIsWrittenInStepsAndReplacedWhole() {
        services.put(V, "many.jsonl", lines(2_500, "short"));
        services.commit(V);
        assertThat(sync(C, SyncSpec.of(V)).totals().rowsUpserted()).isEqualTo(2_500);
        assertThat(services.collections.get(SPACE, C).rows()).isEqualTo(2_500);
        services.put(V, "many.jsonl", lines(3, "other"));
        services.commit(V);
        sync(C, SyncSpec.of(V));
        assertThat(texts(C)).hasSize(3).containsEntry("many.jsonl#2", "other 2");
    }

    @Test
    void concurrentSyncIsRefused() {
        services.put(V, "a.md", "# A\na");
        services.commit(V);
        AtomicReference<QuernException> refusal = new AtomicReference<>();
        services.indexer.sync(
                SPACE,
                C,
                SyncSpec.of(V),
                _ -> {
                    try {
                        sync(C, SyncSpec.of(V));
                    } catch (QuernException e) {
                        refusal.set(e);
                    }
                });
        assertThat(refusal.get()).hasMessageContaining("being synced");
        assertThat(refusal.get().kind()).isEqualTo(ErrorKind.CONFLICT);
        assertThat(sync(C, SyncSpec.of(V)).totals().filesTotal()).isZero();
    }

    @Test
    void followsOneVolumeUntilItIsGone() {
        services.put(V, "a.md", "# A\na");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        services.volumes.create(SPACE, "other", false);
        services.put("other", "b.md", "# B\nb");
        services.commit("other");
        assertKind(ErrorKind.CONFLICT, () -> sync(C, SyncSpec.of("other")));
        services.volumes.delete(SPACE, V);
        sync(C, SyncSpec.of("other"));
        assertThat(texts(C)).containsOnlyKeys("b.md#1");
        services.volumes.delete(SPACE, "other");
        services.volumes.create(SPACE, "other", false);
        services.put("other", "c.md", "# C\nc");
        services.commit("other");
        sync(C, SyncSpec.of("other"));
        assertThat(texts(C)).containsOnlyKeys("c.md#1");
    }

    @Test
    void refusesWhatItCannotDo() {
        services.collections.create(
                SPACE, new CollectionSpec("plain", 384, Metric.COSINE, Optional.empty()), false);
        services.collections.create(
                SPACE, new CollectionSpec("narrow", 8, Metric.COSINE, Optional.of(MINILM)), false);
        services.collections.create(
                SPACE,
                new CollectionSpec("unknown", 384, Metric.COSINE, Optional.of("gpt-5")),
                false);
        for (String collection : List.of("plain", "narrow", "unknown")) {
            assertKind(ErrorKind.INVALID, () -> sync(collection, SyncSpec.of(V)));
        }
        assertKind(ErrorKind.NOT_FOUND, () -> sync("absent", SyncSpec.of(V)));
        assertKind(ErrorKind.NOT_FOUND, () -> sync(C, SyncSpec.of("absent")));
        assertKind(ErrorKind.INVALID, () -> sync(C, new SyncSpec(V, "{", Optional.empty())));
        assertKind(
                ErrorKind.NOT_FOUND,
                () -> sync(C, new SyncSpec(V, "**", Optional.of("0".repeat(64)))));
    }

    @Test
    void longPathsHaveIdsToo() {
        String path = ("d".repeat(200) + "/").repeat(5) + "file.md";
        services.put(V, path, "# A\na\n# B\nb");
        services.commit(V);
        sync(C, SyncSpec.of(V));
        assertThat(texts(C)).hasSize(2).allSatisfy((id, _) -> assertThat(id).startsWith("sha256:"));
        services.remove(V, path);
        services.commit(V);
        sync(C, SyncSpec.of(V));
        assertThat(texts(C)).isEmpty();
    }

    private void create(String name) {
        services.collections.create(
                SPACE, new CollectionSpec(name, 384, Metric.COSINE, Optional.of(MINILM)), false);
    }

    private SyncReport sync(String collection, SyncSpec spec) {
        return services.indexer.sync(SPACE, collection, spec, _ -> {});
    }

    private Map<String, String> texts(String collection) {
        Map<String, String> texts = new TreeMap<>();
        rows(collection).forEach(row -> texts.put(row.id(), row.text().orElseThrow()));
        return texts;
    }

    private List<Row> rows(String collection) {
        List<Row> rows = new ArrayList<>();
        RowPage page = services.collections.rows(SPACE, collection, Optional.empty(), 500, true);
        rows.addAll(page.rows());
        while (page.next().isPresent()) {
            page = services.collections.rows(SPACE, collection, page.next(), 500, true);
            rows.addAll(page.rows());
        }
        return rows;
    }

    /// The index is what a first sync into an empty collection makes.
    private void assertSameAsFresh() {
        create("fresh");
        sync("fresh", SyncSpec.of(V));
        List<Row> fresh = rows("fresh");
        List<Row> kept = rows(C);
        assertThat(kept).hasSameSizeAs(fresh);
        for (int i = 0; i < fresh.size(); i++) {
            assertThat(kept.get(i).id()).isEqualTo(fresh.get(i).id());
            assertThat(kept.get(i).text()).isEqualTo(fresh.get(i).text());
            assertThat(kept.get(i).attributes()).isEqualTo(fresh.get(i).attributes());
            assertThat(TestModels.cosine(kept.get(i).vector(), fresh.get(i).vector()))
                    .isGreaterThan(0.9999);
        }
    }

    private static String lines(int count, String word) {
        StringBuilder lines = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            lines.append("{\"_id\":").append(i).append(",\"text\":\"").append(word);
            lines.append(' ').append(i).append("\"}\n");
        }
        return lines.toString();
    }

    private static void assertKind(ErrorKind kind, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
