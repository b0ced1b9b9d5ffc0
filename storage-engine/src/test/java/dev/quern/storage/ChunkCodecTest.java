package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import dev.quern.storage.ChunkCodec.Packed;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ChunkCodecTest {
    private static final int LENGTH = 200_003;

    private final ChunkCodec codec = new ChunkCodec();

    @AfterEach
    void close() {
        codec.close();
    }

    @Test
    void eachKindOfBytesGetsTheCodecThatSuitsIt() {
        assertPacks(Chunks.words(1, LENGTH), Codec.ZSTD, 0.5);
        assertPacks(Chunks.halfFloats(LENGTH), Codec.ZSTD_BY_2, 0.8);
        assertPacks(Chunks.floats(), Codec.ZSTD_BY_4, 0.9);
        assertPacks(new byte[LENGTH], Codec.ZSTD, 0.01);
        assertThat(codec.pack(ByteBuffer.wrap(Chunks.bytes(1, LENGTH))).codec())
                .isEqualTo(Codec.NONE);
    }

    private void assertPacks(byte[] raw, Codec expected, double ratio) {
        Packed packed = codec.pack(ByteBuffer.wrap(raw));
        assertThat(packed.codec()).isEqualTo(expected);
        assertThat(packed.bytes().remaining()).isLessThan((int) (ratio * raw.length));
        assertThat(codec.unpack(expected, packed.bytes(), raw.length)).contains(raw);
    }

    @Test
    void takesEveryLengthAndKindOfBuffer() {
        byte[] all = Chunks.words(1, LENGTH);
        try (Arena arena = Arena.ofConfined()) {
            for (int length = 1; length < 700; length++) {
                ByteBuffer direct = arena.allocate(length).asByteBuffer();
                direct.put(0, all, 0, length);
                for (ByteBuffer raw :
                        new ByteBuffer[] {
                            direct,
                            direct.asReadOnlyBuffer(),
                            ByteBuffer.wrap(all, 0, length),
                            ByteBuffer.wrap(Arrays.copyOf(all, length)).asReadOnlyBuffer()
                        }) {
                    Packed packed = codec.pack(raw);
                    assertThat(raw.remaining()).isEqualTo(length);
                    assertUnpacks(packed, Arrays.copyOf(all, length));
                }
            }
        }
    }

    @Test
    void packsAPartOfAnArray() {
        byte[] all = Chunks.words(1, LENGTH);
        ByteBuffer part = ByteBuffer.wrap(all).slice(1003, 50_000);
        part.position(5);

        assertUnpacks(codec.pack(part), Arrays.copyOfRange(all, 1008, 51_003));
    }

    private void assertUnpacks(Packed packed, byte[] raw) {
        if (packed.codec() == Codec.NONE) {
            assertThat(packed.bytes()).isEqualTo(ByteBuffer.wrap(raw));
        } else {
            assertThat(codec.unpack(packed.codec(), packed.bytes(), raw.length)).contains(raw);
        }
    }

    @Test
    void anyBytesUnpackToAChunkOrToNothing() {
        byte[] raw = Chunks.words(1, LENGTH);
        byte[] packed = bytes(codec.pack(ByteBuffer.wrap(raw)).bytes());
        Random random = new Random(5);
        for (Codec each : new Codec[] {Codec.ZSTD, Codec.ZSTD_BY_2, Codec.ZSTD_BY_4}) {
            for (int i = 0; i < 100; i++) {
                byte[] damaged = Arrays.copyOf(packed, 1 + random.nextInt(packed.length));
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                codec.unpack(each, ByteBuffer.wrap(damaged), raw.length)
                        .ifPresent(got -> assertThat(got).hasSize(raw.length));
            }
            assertThat(codec.unpack(each, ByteBuffer.wrap(packed), raw.length - 1)).isEmpty();
            assertThat(codec.unpack(each, ByteBuffer.wrap(packed), raw.length + 1)).isEmpty();
            assertThat(codec.unpack(each, ByteBuffer.wrap(Chunks.bytes(1, 50)), 10)).isEmpty();
        }
        assertThatThrownBy(() -> codec.unpack(Codec.ZSTD, ByteBuffer.wrap(packed), 1 << 30))
                .isInstanceOf(QuernException.class);
    }

    @Test
    void groupingIsUndone() {
        for (int width : new int[] {2, 4}) {
            for (int length = 0; length < 20; length++) {
                byte[] raw = Chunks.bytes(length, length);
                byte[] grouped = new byte[length];
                byte[] back = new byte[length];
                ByteGrouping.group(raw, 0, length, width, grouped);
                ByteGrouping.ungroup(grouped, width, back);
                assertThat(back).isEqualTo(raw);
            }
        }
        byte[] grouped = new byte[7];
        ByteGrouping.group(new byte[] {9, 1, 2, 3, 4, 5, 6, 7}, 1, 7, 2, grouped);
        assertThat(grouped).containsExactly(1, 3, 5, 2, 4, 6, 7);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }
}
