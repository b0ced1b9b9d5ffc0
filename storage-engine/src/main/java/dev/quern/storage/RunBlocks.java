package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// The memory that all runs of a store share: at most 64 blocks of 1 MiB at a time, of which up to
/// 16 are kept for the next run.
///
/// The page cache keeps a file in pages as large as the pieces that it was written in, and a mapped
/// read of it takes 60 % longer after pieces of 64 KiB than after 1 MiB. Pieces of 2 MiB would give
/// another 15 %, in huge pages; but in a virtual machine that reports its free huge pages to the
/// host, writing to those takes ten times as long. Thread-safe.
final class RunBlocks implements AutoCloseable {
    static final int BLOCK_BYTES = 1 << 20;

    private static final int MAX_BLOCKS = 64;
    private static final int MAX_FREE = 16;
    private static final int PAGE_BYTES = 4096;

    @GuardedBy("this")
    private final Deque<Block> free = new ArrayDeque<>();

    @GuardedBy("this")
    private int taken;

    @GuardedBy("this")
    private boolean closed;

    /// Memory for [#BLOCK_BYTES], any thread's.
    record Block(Arena arena, MemorySegment bytes) {
        private static Block allocate() {
            Arena arena = Arena.ofShared();
            return new Block(arena, arena.allocate(BLOCK_BYTES, PAGE_BYTES));
        }
    }

    /// A block, to be given back; null if all are in use.
    synchronized @Nullable Block take() {
        if (taken == MAX_BLOCKS) {
            return null;
        }
        Block block = free.isEmpty() ? Block.allocate() : free.pop();
        taken++;
        return block;
    }

    /// Takes a block back.
    synchronized void give(Block block) {
        taken--;
        if (closed || free.size() == MAX_FREE) {
            block.arena.close();
        } else {
            free.push(block);
        }
    }

    /// Keeps none from here on.
    @Override
    public synchronized void close() {
        closed = true;
        free.forEach(block -> block.arena.close());
        free.clear();
    }
}
