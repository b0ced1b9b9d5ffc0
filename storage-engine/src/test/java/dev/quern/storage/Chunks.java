package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/// Bytes to store, for tests.
final class Chunks {
    static final SpaceId SPACE = new SpaceId("default");
    static final SpaceId OTHER = new SpaceId("other");

    private Chunks() {}

    /// Pseudo-random bytes, the same for the same seed.
    static byte[] bytes(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /// Words, which compress to less than half.
    static byte[] words(long seed, int length) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append("word").append(random.nextInt(1000)).append(' ');
        }
        return text(text.substring(0, length));
    }

    /// Weights as 32-bit floats.
    static byte[] floats() {
        return floats(200_001);
    }

    static byte[] floats(int length) {
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(3);
        while (out.remaining() > 3) {
            out.putFloat((float) (random.nextGaussian() * 0.02));
        }
        return out.array();
    }

    /// Weights as bf16: the upper halves of floats.
    static byte[] halfFloats(int length) {
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(2);
        while (out.remaining() > 1) {
            int bits = Float.floatToRawIntBits((float) (random.nextGaussian() * 0.02));
            out.putShort((short) (bits >> 16));
        }
        return out.array();
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ChunkId put(ChunkStore store, byte[] bytes) {
        return store.put(SPACE, MemorySegment.ofArray(bytes)).id();
    }
}
