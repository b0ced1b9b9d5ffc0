package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.storage.GcRequest;
import dev.quern.storage.Key;
import dev.quern.storage.Txn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Reads of what was, by token and by moment. [VersionsModelTest] has more of them at random.
final class HistoryTest {
    @TempDir Path directory;

    private @Nullable Rig opened;

    private Rig rig(Rig.Stores stores, Map<String, Object> settings) {
        Rig rig = new Rig(directory, stores, Rig.with(settings));
        opened = rig;
        rig.create(2, Metric.L2);
        rig.tick();
        return rig;
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
        }
    }

    private static List<String> at(Rig rig, Object at) {
        return VersionsTest.ids(rig, CollectionRef.at(NAME, at.toString()));
    }

    /// A write and when it was made.
    private record Written(long token, Instant moment) {}

    private static Written upsert(Rig rig, String id) {
        long token = rig.upsert(row(id, 1, 2)).token();
        return new Written(token, rig.tick());
    }

    private static HistoryInfo history(Rig rig) {
        return rig.service().versions().history(SPACE, NAME);
    }

    @ParameterizedTest
    @EnumSource
    void readsByTokenAndMomentWhateverHappens(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores, Map.of("checkpointRows", 3L));
        Instant before = history(rig).since().orElseThrow();
        List<Written> writes = new ArrayList<>();
        List<List<String>> states = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            writes.add(upsert(rig, "r" + i % 10));
            if (i % 3 == 2) {
                long token = rig.write(WriteBatch.delete(List.of("r" + (i - 1)))).token();
                writes.add(new Written(token, rig.tick()));
                states.add(List.of());
            }
            states.add(List.of());
            states.set(states.size() - 1, VersionsTest.ids(rig, NAME));
            switch (i) {
                case 4 -> rig.restart();
                case 7 -> rig.crash();
                case 9 -> rig.loseCache();
                default -> rig.pass(Duration.ofSeconds(3));
            }
        }
        assertThat(at(rig, before)).isEmpty();
        for (int i = 0; i < writes.size(); i++) {
            if (!states.get(i).isEmpty()) {
                assertThat(at(rig, writes.get(i).token())).isEqualTo(states.get(i));
                assertThat(at(rig, writes.get(i).moment())).isEqualTo(states.get(i));
            }
        }
    }

    @Test
    void refusesWhatIsNoStateOfTheCollection() {
        Rig rig = rig(Rig.Stores.FAKE, Map.of());
        Written first = upsert(rig, "a");
        rig.service()
                .create(SPACE, new CollectionSpec("other", 2, Metric.L2, Optional.empty()), false);
        long foreign =
                rig.service()
                        .write(SPACE, "other", WriteBatch.upsert(List.of(row("b", 1, 2))))
                        .token();
        assertKind(ErrorKind.INVALID, "is of no write of collection", () -> at(rig, foreign));
        assertKind(ErrorKind.INVALID, "at most " + foreign, () -> at(rig, foreign + 1));
        assertKind(ErrorKind.INVALID, "future", () -> at(rig, "2999-01-01T00:00:00Z"));
        assertKind(
                ErrorKind.NOT_FOUND,
                "oldest moment that can be read is " + history(rig).since().orElseThrow(),
                () -> at(rig, "2020-01-01"));
        assertKind(ErrorKind.NOT_FOUND, "no snapshot \"nine\"", () -> at(rig, "nine"));
        assertKind(ErrorKind.INVALID, "a time such as", () -> at(rig, "12:30"));
        assertKind(ErrorKind.NOT_FOUND, "no snapshot", () -> at(rig, "9".repeat(40)));
        rig.service().versions().snapshot(SPACE, NAME, "" + first.token());
        upsert(rig, "c");
        assertThat(at(rig, first.token())).containsExactly("a");
    }

    @ParameterizedTest
    @EnumSource
    void letsGoAfterTheWindow(Rig.Stores stores) {
        Rig rig = rig(stores, Map.of("checkpointRows", 1L, "history", Duration.ofMinutes(8)));
        Written first = upsert(rig, "a");
        rig.restart();
        rig.pass(Duration.ofMinutes(5));
        Written second = upsert(rig, "b");
        rig.restart();
        assertThat(at(rig, first.token())).containsExactly("a");
        rig.pass(Duration.ofMinutes(4));
        rig.service().purgeHistories();
        assertThat(at(rig, second.token())).containsExactly("a", "b");
        assertThat(at(rig, first.token())).containsExactly("a");
        rig.pass(Duration.ofMinutes(5));
        rig.service().purgeHistories();
        assertThat(rig.keptFacts()).isZero();
        assertThat(history(rig).points()).isEqualTo(1);
        assertThat(at(rig, second.token())).containsExactly("a", "b");
        assertKind(ErrorKind.NOT_FOUND, "token " + second.token(), () -> at(rig, first.token()));
        if (stores == Rig.Stores.REAL) {
            GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
            rig.maintenance().gc(now);
            rig.maintenance().gc(now);
            assertThat(at(rig, second.token())).containsExactly("a", "b");
        }
    }

    @Test
    void aBoundOnBytesShortensIt() {
        Rig rig =
                rig(
                        Rig.Stores.FAKE,
                        Map.of("checkpointRows", 1L, "historyBytes", ByteSize.ofMebibytes(0)));
        Written first = upsert(rig, "a");
        rig.restart();
        upsert(rig, "b");
        rig.restart();
        rig.service().purgeHistories();
        assertThat(history(rig).bytes()).isZero();
        assertThat(rig.keptFacts()).isZero();
        assertKind(ErrorKind.NOT_FOUND, "oldest", () -> at(rig, first.token()));
    }

    @ParameterizedTest
    @EnumSource
    void snapshotsBranchesAndRollbacksBeginWithWhatWas(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores, Map.of("checkpointRows", 2L));
        CollectionVersions versions = rig.service().versions();
        Written first = upsert(rig, "a");
        versions.snapshot(SPACE, NAME, "first");
        Written second = upsert(rig, "b");
        rig.service()
                .write(
                        SPACE,
                        NAME,
                        WriteBatch.upsert(List.of(row("c", "t", Map.of("n", 1L), 1, 2))));
        Instant third = rig.tick();
        versions.branch(SPACE, CollectionRef.at(NAME, "" + first.token()), "branch");
        versions.snapshot(SPACE, NAME, "s", second.moment().toString());
        rig.tick();
        versions.rollback(SPACE, NAME, "first");
        rig.tick();
        Written last = upsert(rig, "d");
        for (int round = 0; round < 2; round++) {
            assertThat(VersionsTest.ids(rig, "branch")).containsExactly("a");
            assertThat(VersionsTest.ids(rig, NAME)).containsExactly("a", "d");
            assertThat(at(rig, "s")).containsExactly("a", "b");
            assertThat(at(rig, second.token())).containsExactly("a", "b");
            assertThat(at(rig, third)).containsExactly("a", "b", "c");
            assertThat(at(rig, last.token())).containsExactly("a", "d");
            assertThat(rig.service().schema(SPACE, NAME).attributes()).isEmpty();
            assertThat(rig.service().schema(SPACE, CollectionRef.at(NAME, "" + third)).attributes())
                    .containsOnlyKeys("n");
            if (stores == Rig.Stores.REAL) {
                GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
                rig.maintenance().gc(now);
                rig.maintenance().gc(now);
            }
            rig.crash();
            rig.loseCache();
        }
    }

    @Test
    void canBeSwitchedOffAndOn() {
        Rig rig = rig(Rig.Stores.FAKE, Map.of("checkpointRows", 1L));
        CollectionVersions versions = rig.service().versions();
        Written first = upsert(rig, "a");
        HistoryInfo off = versions.setHistory(SPACE, NAME, Duration.ZERO);
        assertThat(off.since()).isEmpty();
        assertKind(ErrorKind.NOT_FOUND, "keeps no history", () -> at(rig, first.token()));
        upsert(rig, "b");
        rig.restart();
        assertThat(rig.keptFacts()).isZero();
        assertThat(history(rig).window()).isZero();
        HistoryInfo on = rig.service().versions().setHistory(SPACE, NAME, Duration.ofDays(1));
        assertThat(on.since()).isPresent();
        Written third = upsert(rig, "c");
        upsert(rig, "d");
        assertThat(at(rig, third.token())).containsExactly("a", "b", "c");
        assertKind(ErrorKind.NOT_FOUND, "oldest", () -> at(rig, first.token()));
        assertKind(
                ErrorKind.INVALID,
                "0 to 2592000 seconds",
                () -> rig.service().versions().setHistory(SPACE, NAME, Duration.ofDays(31)));
        rig.service().delete(SPACE, NAME);
        assertKind(
                ErrorKind.NOT_FOUND,
                "does not exist",
                () -> rig.service().versions().setHistory(SPACE, NAME, Duration.ZERO));
    }

    @Test
    void aPurgeThatIsCutShortIsTakenUp() {
        Rig rig = rig(Rig.Stores.FAKE, Map.of());
        for (int i = 0; i < 200; i++) {
            upsert(rig, "r" + i);
        }
        rig.restart();
        rig.pass(Duration.ofHours(3));
        // The points go first, the tail after them: as a crash between the two leaves it.
        String id = rig.service().get(SPACE, NAME).id();
        Key first = Keys.history(id).child(Key.number(0));
        assertThat(rig.facts().find(SPACE, first)).isPresent();
        rig.facts().commit(Txn.in(SPACE).delete(first).build());
        assertThat(rig.keptFacts()).isEqualTo(200);
        rig.service().purgeHistories();
        assertThat(rig.keptFacts()).isZero();
        assertThat(rig.rows()).isEqualTo(200);
        rig.upsert(row("new", 1, 2));
        assertThat(rig.rows()).isEqualTo(201);
    }
}
