package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.lucene.util.BytesRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Collections whose ids are numbers.
final class IdTypeTest {
    private static final String MAX = "18446744073709551615";

    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static CollectionSchema schema() {
        return CollectionSchema.of(VectorField.of(2, Metric.L2, Optional.empty()));
    }

    private void createNumbers() {
        rig.service()
                .create(SPACE, new CollectionSpec(NAME, schema().withIds(IdType.UINT64)), false);
    }

    private List<String> page(Optional<String> after, int limit) {
        return rig.service().rows(SPACE, NAME, after, limit, false).rows().stream()
                .map(Row::id)
                .toList();
    }

    @Test
    void numbersAreInOrderAndComeBackAfterRestarts() throws IOException {
        createNumbers();
        rig.upsert(
                row("10", 1, 0),
                row("9", 2, 0),
                row(MAX, 3, 0),
                row("9223372036854775808", 4, 0),
                row("0", 5, 0));
        for (int round = 0; round < 3; round++) {
            assertThat(page(Optional.empty(), 10))
                    .containsExactly("0", "9", "10", "9223372036854775808", MAX);
            assertThat(page(Optional.of("9"), 2)).containsExactly("10", "9223372036854775808");
            assertThat(page(Optional.of("11"), 1)).containsExactly("9223372036854775808");
            assertThat(rig.find(MAX).orElseThrow().vector()).containsExactly(3, 0);
            assertThat(rig.find("1")).isEmpty();
            assertThat(rig.ids(SearchSpec.dense(new float[] {0, 0}, 2))).containsExactly("10", "9");
            assertThat(rig.service().schema(SPACE, NAME).idType()).contains(IdType.UINT64);
            if (round == 0) {
                rig.restart();
            } else {
                rig.loseCache();
            }
        }
    }

    @Test
    void replacesAndDeletesByNumber() throws InterruptedException {
        createNumbers();
        rig.upsert(row("1", 1, 0), row("2", 2, 0), row("10", 3, 0));
        rig.upsert(row("1", 9, 9));
        assertThat(rig.find("1").orElseThrow().vector()).containsExactly(9, 9);
        assertThat(rig.write(WriteBatch.delete(List.of("10", "11"))).deleted()).isEqualTo(1);
        rig.settle();
        assertThat(page(Optional.empty(), 10)).containsExactly("1", "2");
        try (RowCursor cursor = rig.service().cursor(SPACE, NAME)) {
            assertThat(cursor.next(10)).extracting(Row::id).containsExactlyInAnyOrder("1", "2");
        }
    }

    @Test
    void refusesWhatIsNoNumber() {
        createNumbers();
        for (String bad :
                List.of("", "a", "-1", "1.0", "01", "+1", " 1", "18446744073709551616", "١")) {
            String expected = "a whole number, 0 to 18446744073709551615";
            assertKind(ErrorKind.INVALID, expected, () -> rig.upsert(row(bad, 1, 0)));
            assertKind(ErrorKind.INVALID, expected, () -> rig.find(bad));
            assertKind(
                    ErrorKind.INVALID, expected, () -> rig.write(WriteBatch.delete(List.of(bad))));
            assertKind(ErrorKind.INVALID, expected, () -> page(Optional.of(bad), 1));
        }
        assertThat(rig.rows()).isZero();
    }

    @Test
    void firstRowsDecideOnce() {
        rig.service().create(SPACE, new CollectionSpec(NAME, schema()), false);
        assertThat(rig.service().schema(SPACE, NAME).idType()).isEmpty();
        rig.write(WriteBatch.delete(List.of("none")));
        assertThat(rig.service().schema(SPACE, NAME).idType()).isEmpty();
        rig.upsert(row("10", 1, 0), row("9", 1, 0));
        assertThat(rig.service().schema(SPACE, NAME).idType()).contains(IdType.STRING);
        assertThat(page(Optional.empty(), 10)).containsExactly("10", "9");
        rig.restart();
        assertKind(
                ErrorKind.CONFLICT,
                "a collection keeps its id type; create another one with \"id\": \"uint64\"",
                () -> writeDeciding(IdType.UINT64, row("11", 1, 0)));
        writeDeciding(IdType.STRING, row("9", 2, 0));
        rig.service().addFields(SPACE, NAME, schema());
        assertKind(
                ErrorKind.CONFLICT,
                "ids are string, asked for uint64",
                () -> rig.service().addFields(SPACE, NAME, schema().withIds(IdType.UINT64)));
    }

    @Test
    void decidedIdsHoldForTheFirstRows() {
        rig.service().create(SPACE, new CollectionSpec(NAME, schema()), false);
        writeDeciding(IdType.UINT64, row("10", 1, 0));
        assertKind(ErrorKind.INVALID, "as the collection's ids", () -> rig.upsert(row("a", 1, 0)));
        rig.upsert(row("9", 1, 0));
        assertThat(page(Optional.empty(), 10)).containsExactly("9", "10");
    }

    private WriteResult writeDeciding(IdType type, Row row) {
        RowWrite write = RowWrite.of(RowWrite.Mode.UPSERT, List.of(row)).deciding(type);
        return rig.service().write(SPACE, NAME, write);
    }

    /// A write that leaves no row leaves the ids open, too.
    @Test
    void aRefusedFirstWriteDecidesNothing() {
        rig.service().create(SPACE, new CollectionSpec(NAME, schema()), false);
        assertKind(
                ErrorKind.INVALID, "dims", () -> writeDeciding(IdType.UINT64, row("1", 1, 2, 3)));
        assertKind(
                ErrorKind.INVALID,
                "a whole number",
                () -> writeDeciding(IdType.UINT64, row("a", 1, 2)));
        RowWrite conditional =
                new RowWrite(
                        RowWrite.Mode.UPSERT,
                        List.of(RowChange.ifVersion(row("1", 1, 2), 7)),
                        List.of());
        assertKind(
                ErrorKind.CONFLICT,
                "version",
                () -> rig.service().write(SPACE, NAME, conditional.deciding(IdType.UINT64)));
        RowWrite skipped = RowWrite.of(RowWrite.Mode.UPDATE, List.of(row("1", 1, 2)));
        assertThat(rig.service().write(SPACE, NAME, skipped.deciding(IdType.UINT64)).upserted())
                .isZero();
        assertThat(rig.service().schema(SPACE, NAME).idType()).isEmpty();
        rig.restart();
        assertThat(rig.service().schema(SPACE, NAME).idType()).isEmpty();
        rig.upsert(row("a", 1, 2));
        assertThat(rig.service().schema(SPACE, NAME).idType()).contains(IdType.STRING);
    }

    @Test
    void termsSortAsTheNumbersDo() {
        TreeSet<BytesRef> terms = new TreeSet<>();
        TreeSet<String> numbers =
                new TreeSet<>((a, b) ->
                        Long.compareUnsigned(Long.parseUnsignedLong(a), Long.parseUnsignedLong(b)));
        Seed.run(random -> {
            for (int i = 0; i < 1_000; i++) {
                String id = Long.toUnsignedString(random.nextLong() >>> random.nextInt(64));
                IdType.UINT64.check("id", id);
                numbers.add(id);
                terms.add(IdType.UINT64.term(id));
            }
            assertThat(terms.stream().map(IdType.UINT64::text)).containsExactlyElementsOf(numbers);
        });
        assertKind(
                ErrorKind.CORRUPT,
                "an id of 3 bytes",
                () -> IdType.UINT64.text(new BytesRef("abc")));
    }
}
