package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.lang.foreign.MemorySegment;
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

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ChunkId put(ChunkStore store, byte[] bytes) {
        return store.put(SPACE, MemorySegment.ofArray(bytes)).id();
    }
}
