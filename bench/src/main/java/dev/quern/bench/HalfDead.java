package dev.quern.bench;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.RootVisitor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// Chunks of random bytes of which 9 in 16 are garbage: the others are named by lists of ids, which
/// are chunks too. It answers for these lists, as a service does for its facts.
final class HalfDead implements ChunkRoots {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final int LIST_IDS = 1000;
    private static final int ID_BYTES = 32;
    private static final int PERIOD = 16;
    private static final int DEAD_IN_PERIOD = 9;

    private final List<ChunkId> lists = new ArrayList<>();

    /// Whether the chunk with this number is garbage.
    static boolean isDead(int number) {
        return number % PERIOD < DEAD_IN_PERIOD;
    }

    /// Puts chunks and makes them durable.
    ///
    /// @param round makes them other chunks than those of other rounds
    static HalfDead fill(ChunkStore chunks, int count, int chunkBytes, int round) {
        HalfDead filled = new HalfDead();
        byte[] block = new byte[chunkBytes];
        new Random(round).nextBytes(block);
        MemorySegment chunk = MemorySegment.ofArray(block);
        ByteBuffer list = ByteBuffer.allocate(LIST_IDS * ID_BYTES);
        for (int i = 0; i < count; i++) {
            chunk.set(ValueLayout.JAVA_INT_UNALIGNED, 0, round);
            chunk.set(ValueLayout.JAVA_INT_UNALIGNED, 4, i);
            ChunkId id = chunks.put(SPACE, chunk).id();
            if (!isDead(i)) {
                list.put(id.bytes());
            }
            if (!list.hasRemaining() || i == count - 1) {
                filled.name(chunks, list.flip());
                list.clear();
            }
        }
        chunks.sync();
        return filled;
    }

    private void name(ChunkStore chunks, ByteBuffer list) {
        if (list.hasRemaining()) {
            lists.add(chunks.put(SPACE, MemorySegment.ofBuffer(list)).id());
        }
    }

    @Override
    public Set<String> kinds() {
        return Set.of("bench");
    }

    @Override
    public void visit(SpaceId space, RootVisitor visitor) {
        for (ChunkId list : lists) {
            visitor.node(list, () -> "bench", bytes -> ids(bytes, visitor));
        }
    }

    private static void ids(byte[] list, RootVisitor visitor) {
        ByteBuffer ids = ByteBuffer.wrap(list);
        byte[] id = new byte[ID_BYTES];
        while (ids.hasRemaining()) {
            ids.get(id);
            visitor.chunk(ChunkId.of(id), () -> "bench");
        }
    }
}
