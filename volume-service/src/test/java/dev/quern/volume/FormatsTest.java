package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.volume.ChunkListFormat.Child;
import dev.quern.volume.DirectoryNode.Index;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.DirectoryNode.LeafRef;
import dev.quern.volume.StagedFormat.Put;
import dev.quern.volume.StagedFormat.Remove;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Every format: its bytes as specified, back again, and any other bytes.
final class FormatsTest {
    private static final ChunkId A = new ChunkId("aa".repeat(32));
    private static final ChunkId B = new ChunkId("bb".repeat(32));
    private static final String A_HEX = A.hex();
    private static final String B_HEX = B.hex();
    private static final String VOLUME = "0123456789abcdef0123456789abcdef";

    private static final Leaf LEAF =
            new Leaf(
                    List.of(
                            new Entry.File("a", new Content(A, false, 3), 5),
                            new Entry.File("b", new Content(B, true, 1 << 24), -1),
                            new Entry.File("z", Content.EMPTY, 0),
                            new Entry.Directory("ü", A, 2, 9)));
    private static final Index INDEX =
            new Index(List.of(new LeafRef("a", A, 64, 100), new LeafRef("n", B, 1, 0)));
    private static final ChunkListFormat.Node LIST =
            new ChunkListFormat.Node(1, List.of(new Child(A, 70_000_000_000L), new Child(B, 1)));
    private static final Commit COMMIT =
            new Commit(
                    VOLUME,
                    Optional.of(new CommitId(B_HEX)),
                    A,
                    Instant.ofEpochMilli(1_000),
                    "hé",
                    3,
                    12);
    private static final Commit FIRST =
            new Commit(VOLUME, Optional.empty(), A, Instant.EPOCH, "", 0, 0);
    private static final Put PUT = new Put(VolumePath.parse("a/b"), new Content(A, true, 258), 7);
    private static final Remove REMOVE = new Remove(VolumePath.ROOT, true);

    @Test
    void bytesAreAsSpecified() {
        assertHex(
                DirectoryFormat.encode(LEAF),
                "01 01 00000004"
                        + ("01 01 61" + A_HEX + "0000000000000003 0000000000000005")
                        + ("02 01 62" + B_HEX + "0000000001000000 ffffffffffffffff")
                        + ("01 01 7a" + Content.EMPTY_HASH + "0000000000000000 0000000000000000")
                        + ("03 02 c3bc" + A_HEX + "0000000000000009 0000000000000002"));
        assertHex(
                DirectoryFormat.encode(INDEX),
                "01 02 00000002"
                        + ("01 61" + A_HEX + "0000000000000040 0000000000000064")
                        + ("01 6e" + B_HEX + "0000000000000001 0000000000000000"));
        assertHex(
                ChunkListFormat.encode(LIST),
                "01 01 00000002" + A_HEX + "000000104c533c00" + B_HEX + "0000000000000001");
        assertHex(
                CommitFormat.encode(COMMIT),
                "01"
                        + VOLUME
                        + "00000000000003e8"
                        + A_HEX
                        + "0000000000000003 000000000000000c 0003 68c3a9 01"
                        + B_HEX);
        assertHex(
                StagedFormat.encode(PUT),
                "01 02 0003 612f62" + A_HEX + "0000000000000102 0000000000000007");
        assertHex(StagedFormat.encode(REMOVE), "01 04 0000");
        assertHex(
                VolumeFormat.encode(VOLUME, Instant.ofEpochMilli(2)),
                "01" + VOLUME + "0000000000000002");
        assertHex(VolumeFormat.encodeRef(new CommitId(A_HEX)), "01" + A_HEX);
    }

    @Test
    void valuesComeBack() {
        assertThat(DirectoryFormat.decode(DirectoryFormat.encode(LEAF), A)).isEqualTo(LEAF);
        assertThat(DirectoryFormat.decode(DirectoryFormat.encode(INDEX), A)).isEqualTo(INDEX);
        assertThat(ChunkListFormat.decode(ChunkListFormat.encode(LIST), A)).isEqualTo(LIST);
        CommitId id = new CommitId(A_HEX);
        assertThat(CommitFormat.decode(CommitFormat.encode(COMMIT), id)).isEqualTo(COMMIT);
        assertThat(CommitFormat.decode(CommitFormat.encode(FIRST), id)).isEqualTo(FIRST);
        assertThat(StagedFormat.decode(StagedFormat.encode(PUT), "s")).isEqualTo(PUT);
        assertThat(StagedFormat.decode(StagedFormat.encode(REMOVE), "s")).isEqualTo(REMOVE);
        Remove file = new Remove(VolumePath.parse("é"), false);
        assertThat(StagedFormat.decode(StagedFormat.encode(file), "s")).isEqualTo(file);
    }

    @Test
    void anyBytesGiveAValueOrCorrupt() {
        Random random = new Random(Seeds.next("FormatsTest"));
        Map<Consumer<byte[]>, List<byte[]>> decoders = decoders();
        decoders.forEach((decoder, samples) -> {
            for (int round = 0; round < 20_000; round++) {
                byte[] noise = new byte[random.nextInt(200)];
                random.nextBytes(noise);
                check(decoder, noise);
                byte[] sample = samples.get(random.nextInt(samples.size()));
                check(decoder, damage(sample, random));
            }
            for (byte[] sample : samples) {
                for (int length = 0; length < sample.length; length++) {
                    byte[] cut = Arrays.copyOf(sample, length);
                    assertCorrupt(() -> decoder.accept(cut));
                }
                byte[] longer = Arrays.copyOf(sample, sample.length + 1);
                assertCorrupt(() -> decoder.accept(longer));
                byte[] later = sample.clone();
                later[0] = 2;
                assertCorrupt(() -> decoder.accept(later));
            }
        });
    }

    @Test
    void namesThatCouldEscapeAreCorrupt() {
        for (String name : List.of("", ".", "..", "a/b", "a\0", "a\n", "/")) {
            FormatWriter out = new FormatWriter(100).u8(1).u8(1).u32(1);
            out.u8(1).name(name).id(A).i64(3).i64(0);
            assertCorrupt(() -> DirectoryFormat.decode(out.toBytes(), A));
        }
        for (String path : List.of("..", "/etc/passwd", "a//b")) {
            byte[] bytes = new FormatWriter(20).u8(1).u8(3).text(path).toBytes();
            assertCorrupt(() -> StagedFormat.decode(bytes, "s"));
        }
    }

    @Test
    void countsDoNotAllocate() {
        byte[] huge = HexFormat.of().parseHex("01017fffffff");
        assertCorrupt(() -> DirectoryFormat.decode(huge, A));
        assertCorrupt(() -> ChunkListFormat.decode(huge, A));
        byte[] negative = HexFormat.of().parseHex("0102ffffffff");
        assertCorrupt(() -> DirectoryFormat.decode(negative, A));
    }

    @Test
    void messagesNameTheThingAndTheOffset() {
        byte[] cut = Arrays.copyOf(DirectoryFormat.encode(LEAF), 40);
        assertThatThrownBy(() -> DirectoryFormat.decode(cut, A))
                .hasMessageContaining("directory node " + A_HEX)
                .hasMessageContaining("at byte ");
    }

    private static Map<Consumer<byte[]>, List<byte[]>> decoders() {
        Map<Consumer<byte[]>, List<byte[]>> decoders = new LinkedHashMap<>();
        decoders.put(
                bytes -> DirectoryFormat.decode(bytes, A),
                List.of(DirectoryFormat.encode(LEAF), DirectoryFormat.encode(INDEX)));
        decoders.put(
                bytes -> ChunkListFormat.decode(bytes, A), List.of(ChunkListFormat.encode(LIST)));
        decoders.put(
                bytes -> CommitFormat.decode(bytes, new CommitId(A_HEX)),
                List.of(CommitFormat.encode(COMMIT), CommitFormat.encode(FIRST)));
        decoders.put(
                bytes -> StagedFormat.decode(bytes, "s"),
                List.of(StagedFormat.encode(PUT), StagedFormat.encode(REMOVE)));
        decoders.put(
                bytes -> VolumeFormat.decode("v", 1, bytes),
                List.of(VolumeFormat.encode(VOLUME, Instant.EPOCH)));
        decoders.put(
                bytes -> VolumeFormat.decodeRef("v", bytes),
                List.of(VolumeFormat.encodeRef(new CommitId(A_HEX))));
        return decoders;
    }

    private static byte[] damage(byte[] sample, Random random) {
        byte[] bytes = sample.clone();
        for (int left = 1 + random.nextInt(3); left > 0; left--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    private static void check(Consumer<byte[]> decoder, byte[] bytes) {
        try {
            decoder.accept(bytes);
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT);
        }
    }

    private static void assertCorrupt(Runnable decode) {
        assertThatThrownBy(decode::run)
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT));
    }

    private static void assertHex(byte[] bytes, String expected) {
        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(expected.replace(" ", ""));
    }
}
