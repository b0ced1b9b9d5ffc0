package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.PackFormat.Footer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Version 1 as it lies on disks: never change these bytes, add a version.
final class PackFormatTest {
    private static final long SALT = 0x0102030405060708L;
    private static final PackRecord RECORD =
            new PackRecord(32, SPACE, MemoryChunkStore.idOf(text("quern")), 5, 5, 0x0a0b0c0d);

    @Test
    void headerOfVersionOneIsAsItWas() {
        ByteBuffer out = ByteBuffer.allocate(PackFormat.HEADER_BYTES);
        PackFormat.putHeader(out, 9, SALT);

        assertThat(HexFormat.of().formatHex(out.array()))
                .isEqualTo(
                        "515545524e50434b"
                                + "01000000"
                                + "0900000000000000"
                                + "0807060504030201"
                                + "242856fa");
        assertThat(PackFormat.salt(MemorySegment.ofArray(out.array()), 9, "test")).isEqualTo(SALT);
    }

    @Test
    void recordOfVersionOneIsAsItWas() {
        ByteBuffer out = ByteBuffer.allocate(PackFormat.RECORD_BYTES);
        PackFormat.putRecord(out, RECORD, SALT);

        assertThat(HexFormat.of().formatHex(out.array()))
                .isEqualTo(
                        "5143484b"
                                + "00"
                                + "07"
                                + "0000"
                                + "2000000000000000"
                                + "0807060504030201"
                                + "05000000"
                                + "05000000"
                                + "0d0c0b0a"
                                + RECORD.id().hex()
                                + "64656661756c74"
                                + "00".repeat(57)
                                + "791edad6");
        assertThat(PackFormat.record(MemorySegment.ofArray(out.array()), 0, SALT))
                .isEqualTo(RECORD);
    }

    @Test
    void trailerOfVersionOneIsAsItWas() {
        ByteBuffer out = ByteBuffer.allocate(PackFormat.TRAILER_BYTES);
        PackFormat.putTrailer(out, new Footer(176, 1), SALT, 0x0a0b0c0d);

        assertThat(HexFormat.of().formatHex(out.array()))
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
            assertThat(PackFormat.record(segment, 0, SALT)).as("bit %d", bit).isNull();
            out.array()[bit / 8] ^= (byte) (1 << bit % 8);
        }
        assertThat(PackFormat.record(segment, 0, SALT + 1)).isNull();
        assertThat(PackFormat.record(segment, 1, SALT)).isNull();
        assertThat(PackFormat.record(segment, -1, SALT)).isNull();
    }
}
