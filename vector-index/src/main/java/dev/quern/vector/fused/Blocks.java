package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;
import org.apache.lucene.index.CorruptIndexException;

/// The blocks of a graph in memory, mapped or copied.
///
/// @param memory block v begins at `v * layout.bytes()`
/// @param count vertices
/// @param source names the file in errors
/// @param start where the blocks begin in the file, for errors
record Blocks(MemorySegment memory, BlockLayout layout, int count, String source, long start) {
    long at(int vertex) {
        return (long) vertex * layout.bytes();
    }

    int neighbour(long block, int slot) {
        return memory.get(Kernel.INT, block + layout.ids() + (long) slot * Integer.BYTES);
    }

    CorruptIndexException badNeighbour(long block, int slot, int id) {
        return new CorruptIndexException(
                "slot "
                        + slot
                        + " names vertex "
                        + id
                        + " of "
                        + count
                        + " at offset "
                        + (start + block + layout.ids() + (long) slot * Integer.BYTES),
                source);
    }
}
