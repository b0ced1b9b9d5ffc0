package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.BodyForm.Seal;
import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Each version as it lies on disks: never change these bytes, add a version.
final class PackFormatTest {
    private static final long SALT = 0x0102030405060708L;
    private static final Header ONE = new Header(1, SALT);
    private static final Header TWO = new Header(2, SALT);
    private static final ChunkId ID = MemoryChunkStore.idOf(text("quern"));
    private static final Seal SEAL = new Seal(3, 0x1112131415161718L, 0x191a1b1c);
    private static final PackRecord RECORD =
            new PackRecord(
                    32,
                    PackFormat.RECORD_BYTES,
                    SPACE,
                    ID,
                    new BodyForm(Codec.ZSTD_BY_2, 25, 10, 0x0a0b0c0d, Optional.of(SEAL)));

    @Test
    void headerOfEachVersionIsAsItWas() {
        String start = "515545524e50434b";
        String rest = "0900000000000000" + "0807060504030201";
        MemorySegment one = bytes(start + "01000000" + rest + "242856fa");
        ByteBuffer out = ByteBuffer.allocate(PackFormat.HEADER_BYTES);
        PackFormat.putHeader(out, 9, SALT);

        assertThat(PackFormat.header(one, 9, "test")).isEqualTo(ONE);
        assertThat(hex(out.array())).isEqualTo(start + "02000000" + rest + "e33092a3");
        assertThat(PackFormat.header(MemorySegment.ofArray(out.array()), 9, "test")).isEqualTo(TWO);
    }

    @Test
    void recordOfVersionOneIsAsItWas() {
        MemorySegment one =
                bytes(
                        "5143484b"
                                + "00"
                                + "07"
                                + "0000"
                                + "2000000000000000"
                                + "0807060504030201"
                                + "05000000"
                                + "05000000"
                                + "0d0c0b0a"
                                + ID.hex()
                                + "64656661756c74"
                                + "00".repeat(57)
                                + "791edad6");

        assertThat(PackFormat.record(one, 0, ONE))
                .isEqualTo(new PackRecord(32, 136, SPACE, ID, BodyForm.plain(5, 0x0a0b0c0d)));
        assertThat(PackFormat.record(one, 0, TWO)).isNull();
        assertThat(PackFormat.end(one, 0, ONE)).isEqualTo(144);
    }

    @Test
    void recordOfVersionTwoIsAsItWas() {
        ByteBuffer out = ByteBuffer.allocate(PackFormat.RECORD_BYTES);
        PackFormat.putRecord(out, RECORD, SALT);

        assertThat(hex(out.array()))
                .isEqualTo(
                        "5143484b"
                                + "02"
                                + "07"
                                + "0100"
                                + "2000000000000000"
                                + "0807060504030201"
                                + "19000000"
                                + "0a000000"
                                + "0d0c0b0a"
                                + ID.hex()
                                + "64656661756c74"
                                + "00".repeat(57)
                                + "03000000"
                                + "1817161514131211"
                                + "1c1b1a19"
                                + "75c90d4b");
        MemorySegment segment = MemorySegment.ofArray(out.array());
        assertThat(PackFormat.record(segment, 0, TWO)).isEqualTo(RECORD);
        assertThat(PackFormat.record(segment, 0, ONE)).isNull();
        assertThat(PackFormat.end(segment, 0, TWO)).isEqualTo(184);
    }

    @Test
    void trailerIsAsItWas() {
        ByteBuffer out = ByteBuffer.allocate(PackFormat.TRAILER_BYTES);
        PackFormat.putTrailer(out, new Footer(176, 1), SALT, 0x0a0b0c0d);

        assertThat(hex(out.array()))
                .isEqualTo(
                        "515545524e454e44"
                                + "b000000000000000"
                                + "0807060504030201"
                                + "01000000"
                                + "00000000"
                                + "0d0c0b0a"
                                + "5ac06bbd");
    }

    @Test
    void recordIsRefusedWithAnyBitFlippedOrAnotherSalt() {
        ByteBuffer out = ByteBuffer.allocate(PackFormat.RECORD_BYTES);
        PackFormat.putRecord(out, RECORD, SALT);
        MemorySegment segment = MemorySegment.ofArray(out.array());
        for (int bit = 0; bit < PackFormat.RECORD_BYTES * 8; bit++) {
            out.array()[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(PackFormat.record(segment, 0, TWO)).as("bit %d", bit).isNull();
            out.array()[bit / 8] ^= (byte) (1 << bit % 8);
        }
        assertThat(PackFormat.record(segment, 0, Header.of(SALT + 1))).isNull();
        assertThat(PackFormat.record(segment, 1, TWO)).isNull();
        assertThat(PackFormat.record(segment, -1, TWO)).isNull();
    }

    /// Lengths are checked before anything is allocated by them.
    @Test
    void recordWithLengthsThatCannotBeIsRefused() {
        for (BodyForm form :
                new BodyForm[] {
                    BodyForm.plain(0, 1),
                    BodyForm.plain(-1, 1),
                    BodyForm.plain(ChunkStore.MAX_CHUNK_BYTES + 1, 1),
                    new BodyForm(Codec.NONE, 9, 10, 1, Optional.empty()),
                    new BodyForm(Codec.ZSTD, 10, 10, 1, Optional.empty()),
                    new BodyForm(Codec.ZSTD, 10, Integer.MAX_VALUE, 1, Optional.empty()),
                    new BodyForm(Codec.ZSTD, 10, Integer.MIN_VALUE, 1, Optional.empty()),
                    new BodyForm(Codec.NONE, 16, 0, 1, Optional.of(SEAL)),
                    new BodyForm(Codec.NONE, 10, 10, 1, Optional.of(SEAL)),
                }) {
            ByteBuffer out = ByteBuffer.allocate(PackFormat.RECORD_BYTES);
            PackFormat.putRecord(out, new PackRecord(32, 152, SPACE, ID, form), SALT);
            MemorySegment segment = MemorySegment.ofArray(out.array());
            assertThat(PackFormat.record(segment, 0, TWO)).as("%s", form).isNull();
        }
    }

    private static MemorySegment bytes(String hex) {
        return MemorySegment.ofArray(HexFormat.of().parseHex(hex));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
