package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class FormatsTest {
    private static final ChunkId ID = ChunkId.of(new byte[32]);

    private static final Instant EXPIRES = Instant.parse("2027-01-02T03:04:05.678Z");

    /// A format's decoder, and bytes that it takes.
    private record Decoder(String name, byte[] valid, Function<byte[], Object> decode) {}

    private static List<Decoder> decoders() {
        WriteBatch batch = batch();
        CheckpointFormat.SavedFile file = new CheckpointFormat.SavedFile("_0.cfs", 7, List.of(ID));
        return List.of(
                new Decoder("write", WriteFormat.encode(batch), WriteFormat::decode),
                new Decoder(
                        "row",
                        RowFormat.encodeStored(batch.upserts().getFirst()),
                        RowFormat::decodeStored),
                new Decoder(
                        "inline tail",
                        TailFormat.encode(
                                new TailFormat.Written(
                                        7, new TailFormat.Entry.Inline(new byte[] {1}))),
                        TailFormat::decode),
                new Decoder(
                        "tail in chunks",
                        TailFormat.encode(
                                new TailFormat.Written(
                                        7, new TailFormat.Entry.InChunks(List.of(ID, ID)))),
                        TailFormat::decode),
                new Decoder(
                        "checkpoint",
                        CheckpointFormat.encode(new CheckpointFormat.Checkpoint(9, 8, "0123", ID)),
                        CheckpointFormat::decode),
                new Decoder(
                        "manifest",
                        CheckpointFormat.encodeManifest(List.of(file)),
                        CheckpointFormat::decodeManifest),
                new Decoder(
                        "definition",
                        DefinitionFormat.encode(definition()),
                        b -> DefinitionFormat.decode(Rig.SPACE, fact(b))),
                new Decoder("alias", AliasFormat.encode("docs"), b -> AliasFormat.decode(fact(b))),
                new Decoder(
                        "snapshot",
                        SnapshotFormat.encode(snapshot()),
                        b -> SnapshotFormat.decode(fact(b))),
                new Decoder(
                        "point",
                        HistoryFormat.encode(point()),
                        b -> HistoryFormat.decode(pointFact(9, b))),
                new Decoder(
                        "empty point",
                        HistoryFormat.encode(HistoryFormat.Point.empty(EXPIRES)),
                        b -> HistoryFormat.decode(pointFact(0, b))),
                new Decoder(
                        "window", WindowFormat.encode(Duration.ofHours(7)), WindowFormat::decode),
                new Decoder(
                        "schema",
                        SchemaFormat.encode(tuned()),
                        b -> SchemaFormat.decode(definition(), fact(b))));
    }

    /// A point that a rollback made.
    static HistoryFormat.Point point() {
        return new HistoryFormat.Point(
                9,
                EXPIRES,
                11,
                1_000,
                Optional.of(ID),
                Optional.of(new CheckpointFormat.Checkpoint(9, 8, "0123", ID)));
    }

    static MetaLog.Fact pointFact(long token, byte[] value) {
        Key history = Keys.history("0123456789abcdef");
        return new MetaLog.Fact(history.child(Key.number(token)), 5, value);
    }

    /// Every type of value, field and filter.
    static WriteBatch batch() {
        Map<String, Object> attributes = new HashMap<>();
        attributes.put("s", "x");
        attributes.put("l", 1);
        attributes.put("d", 2.5);
        attributes.put("b", true);
        attributes.put("t", List.of("p"));
        attributes.put("when", Instant.parse("2026-11-22T18:30:00.125Z"));
        attributes.put("ls", List.of(1, 2));
        attributes.put("none", List.of());
        attributes.put("json", Map.of("deep", List.of(Map.of("er", 1), "x", false)));
        Row full =
                new Row(
                        "a",
                        Map.of("vector", new float[] {1, -2}, "title", new float[] {3, 4, 5}),
                        Map.of("text", "grain", "title", "mill"),
                        attributes);
        Row bare =
                new Row("b", Map.of("title", new float[] {0, 0, 1}), Map.of(), Map.of())
                        .expiring(Optional.of(EXPIRES));
        return new WriteBatch(
                List.of(full, bare),
                List.of("gone"),
                Optional.of(
                        new Filter.And(
                                List.of(
                                        new Filter.Not(new Filter.Eq("s", "y")),
                                        new Filter.In("l", List.of(1L, 2.5)),
                                        new Filter.Or(List.of(new Filter.Eq("b", false))),
                                        range(),
                                        new Filter.Exists("s"),
                                        new Filter.Prefix("s", "pre"),
                                        new Filter.Contains("t", "p"),
                                        new Filter.All("ls", List.of(1L, 2L))))));
    }

    private static Filter range() {
        return new Filter.Range(
                "d", Optional.of(1L), Optional.empty(), Optional.empty(), Optional.of("z"));
    }

    static Schema tuned() {
        TreeMap<String, TunedWidth> widths = new TreeMap<>();
        widths.put("title", TunedWidth.byHand(300));
        widths.put(
                "vector",
                new TunedWidth(
                        77,
                        Optional.of(
                                new TunedWidth.Measured(
                                        0.95, 10, 0.9625, 200, 20_000, Instant.EPOCH))));
        return new Schema(5, schema(), widths);
    }

    static CollectionSchema schema() {
        return new CollectionSchema(
                new TreeMap<>(
                        Map.of(
                                "vector",
                                VectorField.of(2, Metric.L2, Optional.empty()),
                                "title",
                                new VectorField(3, Metric.COSINE, Optional.of("model"), "title"))),
                new TreeMap<>(
                        Map.of("text", TextField.english(), "title", new TextField("german"))),
                new TreeMap<>(Map.of("a", AttributeType.LONG, "b", AttributeType.DATETIMES)),
                true);
    }

    static Definition definition() {
        return new Definition(
                Rig.SPACE,
                "docs",
                "0123456789abcdef",
                Instant.EPOCH,
                Optional.empty(),
                List.of("latest", "live"),
                4,
                5);
    }

    static SnapshotFormat.Kept snapshot() {
        return new SnapshotFormat.Kept(
                "docs", Instant.EPOCH, 7, ID, new CheckpointFormat.Checkpoint(9, 8, "0123", ID), 5);
    }

    static MetaLog.Fact fact(byte[] value) {
        return new MetaLog.Fact(Keys.definition("docs"), 5, value);
    }

    @Test
    void writesComeBack() {
        WriteBatch batch = WriteFormat.decode(decoders().getFirst().valid());
        assertThat(batch.deleteIds()).containsExactly("gone");
        assertThat(batch.deleteWhere().map(Object::toString).orElse(""))
                .contains("Not[", "In[field=l, values=[1, 2.5]]", "Or[", range().toString());
        assertThat(batch.upserts()).hasSize(2);
        Row row = batch.upserts().getFirst();
        assertThat(row.id()).isEqualTo("a");
        assertThat(row.texts()).isEqualTo(Map.of("text", "grain", "title", "mill"));
        assertThat(row.vector()).containsExactly(1, -2);
        assertThat(row.vectors().get("title")).containsExactly(3, 4, 5);
        assertThat(row.attributes())
                .isEqualTo(batch().upserts().getFirst().attributes())
                .containsEntry("when", Instant.parse("2026-11-22T18:30:00.125Z"))
                .containsEntry("ls", List.of(1L, 2L));
        assertThat(row.expires()).isEmpty();
        assertThat(batch.upserts().getLast().vectors()).containsOnlyKeys("title");
        assertThat(batch.upserts().getLast().expires()).contains(EXPIRES);
    }

    @Test
    void othersComeBack() {
        List<Object> values = new ArrayList<>();
        decoders().forEach(d -> values.add(d.decode().apply(d.valid())));
        assertThat(values)
                .contains(
                        definition(),
                        new CheckpointFormat.Checkpoint(9, 8, "0123", ID),
                        new TailFormat.Written(7, new TailFormat.Entry.InChunks(List.of(ID, ID))),
                        point(),
                        Duration.ofHours(7),
                        List.of(new CheckpointFormat.SavedFile("_0.cfs", 7, List.of(ID))),
                        tuned());
    }

    @Test
    void everyPrefixIsCorrupt() {
        for (Decoder decoder : decoders()) {
            boolean openEnded = decoder.name().equals("inline tail");
            for (int length = 0; length < decoder.valid().length; length++) {
                byte[] prefix = Arrays.copyOf(decoder.valid(), length);
                boolean corrupt = isCorrupt(decoder, prefix);
                assertThat(corrupt || (openEnded && length >= 10))
                        .as("%s cut to %d", decoder.name(), length)
                        .isTrue();
            }
            if (!openEnded) {
                byte[] longer = Arrays.copyOf(decoder.valid(), decoder.valid().length + 1);
                assertThat(isCorrupt(decoder, longer)).as(decoder.name()).isTrue();
            }
        }
    }

    @Test
    void otherVersionIsCorrupt() {
        for (Decoder decoder : decoders()) {
            byte[] changed = decoder.valid().clone();
            changed[0] = 9;
            assertThat(isCorrupt(decoder, changed)).as(decoder.name()).isTrue();
        }
    }

    @Test
    void anyBytesGiveAValueOrCorrupt() {
        Seed.run(random -> {
            for (Decoder decoder : decoders()) {
                for (int i = 0; i < 20_000; i++) {
                    isCorrupt(decoder, mutated(decoder.valid(), random));
                }
            }
        });
    }

    private static byte[] mutated(byte[] valid, RandomGenerator random) {
        byte[] bytes = valid.clone();
        if (random.nextInt(10) == 0) {
            bytes = new byte[random.nextInt(200) + 1];
            random.nextBytes(bytes);
            bytes[0] = (byte) random.nextInt(1, 4);
        }
        for (int flips = random.nextInt(4); flips >= 0; flips--) {
            int at = random.nextInt(bytes.length);
            bytes[at] =
                    switch (random.nextInt(3)) {
                        case 0 -> (byte) random.nextInt();
                        case 1 -> (byte) 0xff;
                        default -> (byte) (bytes[at] ^ (1 << random.nextInt(8)));
                    };
        }
        return bytes;
    }

    private static boolean isCorrupt(Decoder decoder, byte[] bytes) {
        try {
            Object value = decoder.decode().apply(bytes);
            assertThat(value).isNotNull();
            return false;
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT);
            assertThat(e).hasMessageContaining("offset");
            return true;
        } catch (RuntimeException e) {
            return fail("%s on %s", decoder.name(), Arrays.toString(bytes), e);
        }
    }

    @Test
    void deepFilterIsCorrupt() {
        FrameOutput out = new FrameOutput();
        out.u8(1);
        out.count(0);
        out.u8(1);
        for (int i = 0; i < 100_000; i++) {
            out.u8(6);
        }
        assertThat(isCorrupt(new Decoder("deep", new byte[0], WriteFormat::decode), out.toBytes()))
                .isTrue();
    }
}
