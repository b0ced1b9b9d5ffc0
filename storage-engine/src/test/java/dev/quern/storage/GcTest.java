package dev.quern.storage;

import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GcTest {
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir Path directory;
    private final AtomicLong millis = new AtomicLong(1_000_000);
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine =
                StorageEngine.open(
                        Engines.config(directory),
                        new LocalDisk(),
                        new Random(42),
                        () -> Instant.ofEpochMilli(millis.get()));
        engine.roots().register(new TestRoots(engine.facts()));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private ChunkId put(int seed) {
        ChunkId id = Chunks.put(engine.chunks(), Chunks.bytes(seed, 500));
        engine.chunks().sync();
        return id;
    }

    private void name(String file, ChunkId id) {
        engine.facts()
                .commit(
                        Txn.in(SPACE)
                                .put(Key.of("file", file), TestRoots.bytes(id))
                                .require(id)
                                .build());
    }

    private void forget(String file) {
        engine.facts().commit(Txn.in(SPACE).delete(Key.of("file", file)).build());
    }

    private GcReport.Space gc(Duration grace) {
        return engine.maintenance().gc(GcRequest.defaults().withGrace(grace)).spaces().getFirst();
    }

    private boolean has(ChunkId id) {
        return ((PackChunkStore) engine.chunks()).has(SPACE, id);
    }

    @Test
    void removesInTwoPhasesWhatNothingNames() {
        ChunkId kept = put(1);
        ChunkId garbage = put(2);
        name("a", kept);

        GcReport.Space first = gc(HOUR);
        assertThat(first.live()).isEqualTo(new GcReport.Count(1, 500));
        assertThat(first.condemned()).isEqualTo(new GcReport.Count(1, 500));
        assertThat(gc(HOUR).removed()).isEqualTo(GcReport.Count.NONE);
        millis.addAndGet(HOUR.toMillis());
        assertThat(gc(HOUR).removed()).isEqualTo(new GcReport.Count(1, 500));

        assertThat(has(garbage)).isFalse();
        assertThat(engine.chunks().read(SPACE, kept)).isEqualTo(Chunks.bytes(1, 500));
        assertThat(gc(HOUR).condemned()).isEqualTo(GcReport.Count.NONE);
    }

    @Test
    void noRunRemovesWhatItCondemnsItself() {
        ChunkId garbage = put(1);
        gc(Duration.ZERO);
        assertThat(has(garbage)).isTrue();
        gc(Duration.ZERO);
        assertThat(has(garbage)).isFalse();
    }

    @Test
    void keepsWhatListsNameAndForgetsItWithThem() {
        ChunkId a = put(1);
        ChunkId b = put(2);
        byte[] bytes = TestRoots.bytes(List.of(a, b));
        ChunkId list = Chunks.put(engine.chunks(), bytes);
        engine.chunks().sync();
        Key key = Key.of("list", "l");
        engine.facts().commit(Txn.in(SPACE).put(key, TestRoots.bytes(list)).require(list).build());
        gc(Duration.ZERO);
        assertThat(gc(Duration.ZERO).live().chunks()).isEqualTo(3);

        engine.facts().commit(Txn.in(SPACE).delete(key).build());
        gc(Duration.ZERO);
        assertThat(gc(Duration.ZERO).removed().chunks()).isEqualTo(3);
    }

    @Test
    void whoeverReliesOnAChunkRescuesIt() {
        List<ChunkId> ids = List.of(put(1), put(2), put(3), put(4), put(5));
        gc(Duration.ZERO);
        Chunks.put(engine.chunks(), Chunks.bytes(1, 500));
        engine.chunks().contains(SPACE, ids.get(1));
        engine.chunks().isDurable(SPACE, ids.get(2));
        try (ChunkPins _ = engine.chunks().pin(SPACE, List.of(ids.get(3)))) {
            assertThat(gc(Duration.ZERO).removed().chunks()).isEqualTo(1);
            assertThat(gc(Duration.ZERO).removed().chunks()).isEqualTo(3);
            assertThat(gc(Duration.ZERO).removed().chunks()).isZero();
            assertThat(has(ids.get(3))).isTrue();
        }
        assertThat(gc(Duration.ZERO).removed().chunks()).isEqualTo(1);
    }

    @Test
    void keepsWhatAWriterHasPutUntilItIsNamed() {
        ChunkId before = put(1);
        gc(Duration.ZERO);
        millis.incrementAndGet();
        try (ChunkPins _ = engine.chunks().pinWrites(SPACE)) {
            ChunkId written = put(2);
            ChunkId again = put(3);
            for (int i = 0; i < 3; i++) {
                gc(Duration.ZERO);
                millis.incrementAndGet();
            }
            assertThat(has(before)).isFalse();
            assertThat(has(again)).isTrue();
            name("a", written);
        }
        gc(Duration.ZERO);
        assertThat(has(put(3))).isTrue();
        assertThat(gc(Duration.ZERO).live().chunks()).isEqualTo(1);
    }

    @Test
    void aCommitNamesOnlyWhatIsThere() {
        ChunkId id = put(1);
        gc(Duration.ZERO);
        gc(Duration.ZERO);
        assertThatThrownBy(() -> name("a", id))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("does not have");
        name("a", put(1));
        gc(Duration.ZERO);
        assertThat(gc(Duration.ZERO).live().chunks()).isEqualTo(1);
    }

    @Test
    void anotherSpaceKeepsItsOwn() {
        ChunkId id = put(1);
        engine.chunks().put(OTHER, MemorySegment.ofArray(Chunks.bytes(1, 500)));
        engine.chunks().sync();
        name("a", id);
        engine.maintenance().gc(GcRequest.defaults().withGrace(Duration.ZERO));
        GcReport report = engine.maintenance().gc(GcRequest.defaults().withGrace(Duration.ZERO));
        assertThat(report.removed().chunks()).isEqualTo(1);
        assertThat(has(id)).isTrue();
    }

    @Test
    void leavesASpaceAloneWhoseFactsNobodyAnswersFor() {
        ChunkId id = put(1);
        engine.facts().commit(Txn.in(SPACE).put(Key.of("mystery"), new byte[1]).build());
        gc(Duration.ZERO);
        GcReport.Space report = gc(Duration.ZERO);
        assertThat(report.problem().orElseThrow()).contains("default").contains("mystery");
        assertThat(report.removed()).isEqualTo(GcReport.Count.NONE);
        assertThat(has(id)).isTrue();
    }

    @Test
    void anOwnerThatFailsAbortsItsSpace() {
        put(1);
        gc(Duration.ZERO);
        ChunkId list = put(2);
        engine.facts()
                .commit(
                        Txn.in(SPACE)
                                .put(Key.of("list", "bad"), TestRoots.bytes(list))
                                .require(list)
                                .build());
        GcReport.Space report = gc(Duration.ZERO);
        assertThat(report.problem()).isPresent();
        assertThat(engine.chunks().stats().chunks()).isEqualTo(2);
    }

    @Test
    void dryRunChangesNothingAndTellsWhy() {
        ChunkId old = put(1);
        gc(HOUR);
        millis.addAndGet(HOUR.toMillis());
        ChunkId young = put(2);
        GcRequest dry = GcRequest.defaults().withDryRun(true);
        GcReport report = engine.maintenance().gc(dry);
        assertThat(report.dryRun()).isTrue();
        assertThat(report.removed().chunks()).isEqualTo(1);
        assertThat(report.spaces().getFirst().garbage())
                .extracting(GcReport.Garbage::id)
                .containsExactlyInAnyOrder(old, young);
        assertThat(report.spaces().getFirst().garbage().toString())
                .contains("to be removed")
                .contains("condemned by the next run");
        assertThat(engine.maintenance().gc(dry)).isEqualTo(report);
        assertThat(has(old)).isTrue();
    }

    @Test
    void explainsWhatKeepsAChunk() {
        ChunkId id = put(1);
        name("a", id);
        name("b", id);
        ChunkFate fate = engine.maintenance().explain(id).getFirst();
        assertThat(fate.uses()).containsExactly("file a", "file b");
        assertThat(fate.condemnedAt()).isEmpty();

        forget("a");
        forget("b");
        gc(HOUR);
        ChunkFate later = engine.maintenance().explain(id).getFirst();
        assertThat(later.uses()).isEmpty();
        assertThat(later.condemnedAt()).contains(Instant.ofEpochMilli(millis.get()));
        assertThatThrownBy(() -> engine.maintenance().explain(MemoryChunkStore.idOf(new byte[1])))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
    }

    @Test
    void aClockThatGoesBackRemovesNothingEarly() {
        ChunkId id = put(1);
        gc(HOUR);
        millis.addAndGet(-10 * HOUR.toMillis());
        gc(HOUR);
        millis.addAndGet(10 * HOUR.toMillis());
        gc(HOUR);
        assertThat(has(id)).isTrue();
    }
}
