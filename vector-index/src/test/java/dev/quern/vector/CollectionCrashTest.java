package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.CrashRun;
import dev.quern.vector.CrashOp.Write;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
                        CrashOp.of(LIFE, 0, n) instanceof Write write
                                && write.collection().equals(CrashOp.SHARED)
                                && write.upserts().size() > 1
                                && write.deletes().isEmpty())
                .findFirst()
                .orElseThrow();
    }

    private CollectionCrashJournal journal(Rig rig, String... lines) {
        CollectionCrashJournal journal = new CollectionCrashJournal();
        List.of(lines).forEach(journal::add);
        journal.compare(rig.service());
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
        Write write = (Write) CrashOp.of(LIFE, 0, number);
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
        Write write = (Write) CrashOp.of(LIFE, 0, number);
        try (Rig rig = rig()) {
            CollectionCrashJournal none = journal(rig, line("B", number));
            assertThat(none.lost()).isEmpty();
            assertThat(none.corrupt()).isEmpty();

            List<String> half = write.upserts().subList(0, write.upserts().size() / 2);
            rig.service().write(CrashOp.SPACE, CrashOp.SHARED, write.with(half).batch());
            assertThat(journal(rig, line("B", number)).corrupt()).hasSize(1);

            write.run(rig.service());
            CollectionCrashJournal whole = journal(rig, line("B", number));
            assertThat(whole.lost()).isEmpty();
            assertThat(whole.corrupt()).isEmpty();
        }
    }

    @Test
    void seesRowsThatAreNotAsTheyWereWritten() {
        int number = write();
        Write write = (Write) CrashOp.of(LIFE, 0, number);
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
}
