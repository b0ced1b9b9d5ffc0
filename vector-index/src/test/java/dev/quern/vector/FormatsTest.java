package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.MetaLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class FormatsTest {
    private static final ChunkId ID = ChunkId.of(new byte[32]);

    /// A format's decoder, and bytes that it takes.
    private record Decoder(String name, byte[] valid, Function<byte[], Object> decode) {}

    private static List<Decoder> decoders() {
        WriteBatch batch =
                new WriteBatch(
                        List.of(
                                new Row(
                                        "a",
                                        Optional.of("text"),
                                        new float[] {1, -2},
                                        Map.of(
                                                "s",
                                                "x",
                                                "l",
                                                1,
                                                "d",
                                                2.5,
                                                "b",
                                                true,
                                                "t",
                                                List.of("p")))),
                        List.of("gone"),
                        Optional.of(
                                new Filter.And(
                                        List.of(
                                                new Filter.Not(new Filter.Eq("s", "y")),
                                                new Filter.In("l", List.of(1L, 2.5)),
                                                new Filter.Or(List.of(new Filter.Eq("b", false))),
                                                range()))));
        CheckpointFormat.SavedFile file = new CheckpointFormat.SavedFile("_0.cfs", 7, List.of(ID));
        AttributeTypes types =
                new AttributeTypes(0, Map.of("a", AttributeType.LONG, "b", AttributeType.STRINGS));
        return List.of(
                new Decoder("write", WriteFormat.encode(batch, 2), WriteFormat::decode),
                new Decoder(
                        "row",
                        RowFormat.encodeStored(batch.upserts().getFirst()),
                        RowFormat::decodeStored),
                new Decoder(
                        "inline tail",
                        TailFormat.encode(new TailFormat.Entry.Inline(new byte[] {1})),
                        TailFormat::decode),
                new Decoder(
                        "tail in chunks",
                        TailFormat.encode(new TailFormat.Entry.InChunks(List.of(ID, ID))),
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
                new Decoder(
                        "attributes",
                        AttributesFormat.encode(types),
                        b -> AttributesFormat.decode(fact(b))));
    }

    private static Filter range() {
        return new Filter.Range(
                "d", Optional.of(1L), Optional.empty(), Optional.empty(), Optional.of("z"));
    }

    private static Definition definition() {
        return new Definition(
                Rig.SPACE,
                "docs",
                "0123456789abcdef",
                Instant.EPOCH,
                2,
                Metric.L2,
                Optional.of("model"),
                5);
    }

    private static MetaLog.Fact fact(byte[] value) {
        return new MetaLog.Fact(Keys.definition("docs"), 5, value);
    }

    @Test
    void writesComeBack() {
        WriteBatch batch = WriteFormat.decode(decoders().getFirst().valid());
        assertThat(batch.deleteIds()).containsExactly("gone");
        assertThat(batch.deleteWhere().map(Object::toString).orElse(""))
                .contains("Not[", "In[field=l, values=[1, 2.5]]", "Or[", range().toString());
        Row row = batch.upserts().getFirst();
        assertThat(row.id()).isEqualTo("a");
        assertThat(row.text()).contains("text");
        assertThat(row.vector()).containsExactly(1, -2);
        assertThat(row.attributes())
                .isEqualTo(Map.of("s", "x", "l", 1L, "d", 2.5, "b", true, "t", List.of("p")));
    }

    @Test
    void othersComeBack() {
        List<Object> values = new ArrayList<>();
        decoders().forEach(d -> values.add(d.decode().apply(d.valid())));
        assertThat(values)
                .contains(
                        definition(),
                        new CheckpointFormat.Checkpoint(9, 8, "0123", ID),
                        new TailFormat.Entry.InChunks(List.of(ID, ID)),
                        List.of(new CheckpointFormat.SavedFile("_0.cfs", 7, List.of(ID))),
                        new AttributeTypes(
                                5, Map.of("a", AttributeType.LONG, "b", AttributeType.STRINGS)));
    }

    @Test
    void everyPrefixIsCorrupt() {
        for (Decoder decoder : decoders()) {
            boolean openEnded = decoder.name().equals("inline tail");
            for (int length = 0; length < decoder.valid().length; length++) {
                byte[] prefix = Arrays.copyOf(decoder.valid(), length);
                boolean corrupt = isCorrupt(decoder, prefix);
                assertThat(corrupt || (openEnded && length >= 2))
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
            bytes[0] = 1;
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
