package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Steps on collections under load, and with a log that fails.
final class VersionStepsTest {
    @TempDir Path directory;

    private @Nullable Rig opened;

    private Rig rig() {
        Rig rig = new Rig(directory, Rig.Stores.FAKE, Rig.checkpointEvery(1_000));
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

    @Test
    void readsAndWritesGoOnDuringRollbacks() throws InterruptedException {
        Rig rig = rig();
        VersionsTest.upsert(rig, NAME, "base-0");
        VersionsTest.upsert(rig, NAME, "base-1");
        VersionsTest.snapshot(rig, "base");
        AtomicBoolean stop = new AtomicBoolean();
        List<Throwable> problems = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            String prefix = "t" + t + "-";
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; !stop.get(); i++) {
                                    List<Row> pair =
                                            List.of(
                                                    row(prefix + i + "a", 1, 2),
                                                    row(prefix + i + "b", 1, 2));
                                    try {
                                        rig.write(WriteBatch.upsert(pair));
                                    } catch (QuernException e) {
                                        if (e.kind() != ErrorKind.UNAVAILABLE) {
                                            problems.add(e);
                                        }
                                    }
                                }
                            }));
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                while (!stop.get()) {
                                    try {
                                        SearchSpec spec =
                                                SearchSpec.dense(new float[] {0, 0}, 1_000);
                                        long rows = rig.search(spec).rows();
                                        // Two at first, and two a batch.
                                        assertThat(rows % 2).isZero();
                                    } catch (Throwable e) {
                                        problems.add(e);
                                    }
                                }
                            }));
        }
        for (int i = 0; i < 10; i++) {
            VersionsTest.rollback(rig, "base");
        }
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(problems).isEmpty();
        VersionsTest.rollback(rig, "base");
        assertThat(VersionsTest.ids(rig, NAME)).containsExactly("base-0", "base-1");
    }

    @Test
    void aSnapshotDuringWritesHasWholeBatchesAndAllThatWereAcknowledged()
            throws InterruptedException {
        Rig rig = rig();
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> writers = new ArrayList<>();
        LongAdder acknowledged = new LongAdder();
        for (int t = 0; t < 3; t++) {
            String prefix = "t" + t + "-";
            writers.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; !stop.get(); i++) {
                                    List<Row> batch = new ArrayList<>();
                                    for (int r = 0; r < 10; r++) {
                                        batch.add(row(prefix + i + "-" + r, i, r));
                                    }
                                    rig.write(WriteBatch.upsert(batch));
                                    acknowledged.add(10);
                                }
                            }));
        }
        for (int i = 0; i < 15; i++) {
            long before = acknowledged.sum();
            SnapshotInfo info = rig.service().versions().snapshot(SPACE, NAME, "s" + i);
            assertThat(info.rows()).isGreaterThanOrEqualTo(before);
            assertThat(info.rows() % 10).isZero();
        }
        stop.set(true);
        for (Thread writer : writers) {
            writer.join();
        }
        for (int i = 0; i < 15; i++) {
            CollectionRef ref = CollectionRef.at(NAME, "s" + i);
            long rows = rig.service().get(SPACE, ref).rows();
            assertThat(rig.service().count(SPACE, ref, Optional.empty())).isEqualTo(rows);
        }
    }

    /// A step on a collection with rows a and b, of which snapshot `first` has a.
    enum StepKind {
        SNAPSHOT,
        DELETE_SNAPSHOT,
        BRANCH,
        BRANCH_AT,
        ROLLBACK,
        RENAME,
        ALIAS;

        void take(Rig rig) {
            CollectionService service = rig.service();
            switch (this) {
                case SNAPSHOT -> VersionsTest.snapshot(rig, "new");
                case DELETE_SNAPSHOT -> service.versions().deleteSnapshot(SPACE, NAME, "first");
                case BRANCH -> VersionsTest.branch(rig, CollectionRef.of(NAME), "new");
                case BRANCH_AT -> VersionsTest.branch(rig, CollectionRef.at(NAME, "first"), "new");
                case ROLLBACK -> VersionsTest.rollback(rig, "first");
                case RENAME -> service.names().rename(SPACE, NAME, "new");
                case ALIAS -> service.names().setAlias(SPACE, "new", NAME);
            }
        }
    }

    /// Names, aliases, snapshots and rows.
    private static List<String> state(Rig rig) {
        List<String> state = new ArrayList<>();
        rig.service().names().aliases(SPACE).forEach((a, c) -> state.add(a + "->" + c));
        for (CollectionInfo info : rig.service().list(SPACE)) {
            state.add(info.name() + VersionsTest.ids(rig, info.name()));
            for (SnapshotInfo kept : rig.service().versions().snapshots(SPACE, info.name())) {
                CollectionRef ref = CollectionRef.at(info.name(), kept.name());
                state.add(info.name() + "@" + kept.name() + VersionsTest.ids(rig, ref));
            }
        }
        return state;
    }

    @ParameterizedTest
    @EnumSource
    void aStepIsTakenWhollyOrNotAtAll(StepKind step) throws IOException {
        Rig rig = rig();
        VersionsTest.upsert(rig, NAME, "a");
        VersionsTest.snapshot(rig, "first");
        VersionsTest.upsert(rig, NAME, "b");
        List<String> before = state(rig);
        for (QuernException failure :
                List.of(
                        QuernException.internal("disk trouble", null),
                        QuernException.exhausted("log is full", 10))) {
            rig.memoryFacts().failNextCommit(failure);
            assertKind(failure.kind(), String.valueOf(failure.getMessage()), () -> step.take(rig));
            assertThat(state(rig)).isEqualTo(before);
        }
        rig.memoryFacts().failNextCommit(QuernException.internal("disk trouble", null));
        assertKind(ErrorKind.INTERNAL, "disk trouble", () -> step.take(rig));
        rig.crash();
        assertThat(state(rig)).isEqualTo(before);
        step.take(rig);
        List<String> after = state(rig);
        assertThat(after).isNotEqualTo(before);
        rig.crash();
        assertThat(state(rig)).isEqualTo(after);
        rig.loseCache();
        assertThat(state(rig)).isEqualTo(after);
    }
}
