package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Bytes of every version ever written, as the versions wrote them.
final class GoldenFormatsTest {
    @Test
    void thisVersionWritesTheseBytes() {
        assertThat(WriteFormat.encode(FormatsTest.batch())).isEqualTo(golden("write-v3"));
        assertThat(RowFormat.encodeStored(FormatsTest.batch().upserts().getFirst()))
                .isEqualTo(golden("row-v2"));
        assertThat(DefinitionFormat.encode(FormatsTest.definition()))
                .isEqualTo(golden("definition-v3"));
        assertThat(AliasFormat.encode("docs")).isEqualTo(golden("alias-v1"));
        assertThat(SnapshotFormat.encode(FormatsTest.snapshot())).isEqualTo(golden("snapshot-v1"));
        Schema schema = FormatsTest.tuned();
        assertThat(SchemaFormat.encode(schema.with(schema.fields().withIds(IdType.UINT64))))
                .isEqualTo(golden("schema-v4"));
        assertThat(HistoryFormat.encode(FormatsTest.point())).isEqualTo(golden("history-v1"));
        assertThat(WindowFormat.encode(Duration.ofHours(7))).isEqualTo(golden("window-v1"));
        assertThat(
                        TailFormat.encode(
                                new TailFormat.Written(
                                        7, new TailFormat.Entry.Inline(new byte[] {1}))))
                .isEqualTo(golden("tail-v2"));
    }

    @Test
    void readsWritesAndRowsOfVersion1() {
        WriteBatch batch = WriteFormat.decode(golden("write-v1"));
        assertThat(batch.deleteIds()).containsExactly("gone");
        assertThat(batch.deleteWhere()).isPresent();
        Row row = batch.upserts().getFirst();
        assertThat(row.vector()).containsExactly(1, -2);
        assertVersion1(row);
        assertThat(batch.upserts().getLast().text()).isEmpty();
        assertThat(batch.upserts().getLast().vector()).containsExactly(0.5f, 4);
        assertVersion1(RowFormat.decodeStored(golden("row-v1")));
    }

    private static void assertVersion1(Row row) {
        assertThat(row.id()).isEqualTo("a");
        assertThat(row.texts()).isEqualTo(Map.of("text", "text"));
        assertThat(row.attributes())
                .isEqualTo(Map.of("s", "x", "l", 1L, "d", 2.5, "b", true, "t", List.of("p")));
    }

    @Test
    void writesOfATailOfVersion1HaveNoTime() {
        TailFormat.Written written = TailFormat.decode(golden("tail-v1"));
        assertThat(written.at()).isZero();
        assertThat(((TailFormat.Entry.Inline) written.entry()).frame()).containsExactly(1);
    }

    @Test
    void readsWritesOfVersion2() {
        WriteBatch batch = WriteFormat.decode(golden("write-v2"));
        assertThat(batch.upserts()).hasSize(2);
        Row row = batch.upserts().getFirst();
        assertThat(row.attributes())
                .isEqualTo(FormatsTest.batch().upserts().getFirst().attributes());
        assertThat(row.vectors().get("title")).containsExactly(3, 4, 5);
        assertThat(row.expires()).isEmpty();
    }

    @Test
    void readsCollectionsOfVersion1() {
        Definition definition =
                DefinitionFormat.decode(Rig.SPACE, FormatsTest.fact(golden("definition-v1")));
        VectorField vector = VectorField.of(2, Metric.L2, Optional.of("model"));
        assertThat(definition.id()).isEqualTo("0123456789abcdef");
        assertThat(definition.firstVector()).contains(vector);

        CollectionSchema before = SchemaFormat.ofDefinition(definition).fields();
        assertThat(before).isEqualTo(CollectionSchema.of(vector).withIds(IdType.STRING));

        CollectionSchema after =
                SchemaFormat.decode(definition, FormatsTest.fact(golden("attributes-v1"))).fields();
        assertThat(after.vectors()).isEqualTo(before.vectors());
        assertThat(after.texts()).isEqualTo(before.texts());
        assertThat(after.attributes())
                .isEqualTo(Map.of("a", AttributeType.LONG, "b", AttributeType.STRINGS));
    }

    @Test
    void readsCollectionsOfVersion2() {
        Definition definition =
                DefinitionFormat.decode(Rig.SPACE, FormatsTest.fact(golden("definition-v2")));
        assertThat(definition.id()).isEqualTo("0123456789abcdef");
        assertThat(definition.firstVector()).isEmpty();
        assertThat(definition.aliases()).isEmpty();
        assertThat(definition.epoch()).isZero();
    }

    @Test
    void idsOfVersion2AreStrings() {
        assertThat(
                        SchemaFormat.decode(
                                        FormatsTest.definition(),
                                        FormatsTest.fact(golden("schema-v2")))
                                .fields())
                .isEqualTo(FormatsTest.schema().withIds(IdType.STRING));
    }

    @Test
    void nothingIsTunedInVersion3() {
        assertThat(
                        SchemaFormat.decode(
                                FormatsTest.definition(), FormatsTest.fact(golden("schema-v3"))))
                .isEqualTo(new Schema(5, FormatsTest.schema().withIds(IdType.UINT64)));
    }

    /// The bytes of a file.
    static byte[] golden(String name) {
        try (InputStream in =
                GoldenFormatsTest.class.getResourceAsStream("/golden/" + name + ".bin")) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
