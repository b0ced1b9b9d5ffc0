package dev.quern.vector.fused;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.MemorySegmentAccessInput;
import org.jspecify.annotations.Nullable;

/// A graph's blocks: the mapped file at first, and a copy in huge pages as soon as searches have
/// made one, each a slice of it, so that no search waits for the whole. Thread-safe; the segment's
/// reader closes it when no search runs any more.
final class HotBlocks implements Closeable {
    private static final long SLICE_BYTES = 4L << 20;
    private static final int READ_BYTES = 1 << 16;

    private final IndexInput in;
    private final GraphMeta graph;
    private final @Nullable Blocks mapped;
    private final ReentrantLock copying = new ReentrantLock();
    private HotMemory.@Nullable Region region;
    private long copiedBytes;
    private volatile @Nullable Blocks copied;

    /// Takes a file that stays open until this is closed.
    HotBlocks(IndexInput in, GraphMeta graph) throws IOException {
        this.in = in;
        this.graph = graph;
        MemorySegment file =
                in instanceof MemorySegmentAccessInput memory
                        ? memory.segmentSliceOrNull(graph.start(), graph.bytes())
                        : null;
        this.mapped = file == null ? null : blocks(file);
    }

    private Blocks blocks(MemorySegment memory) {
        return new Blocks(memory, graph.layout(), graph.count(), in.toString(), graph.start());
    }

    /// The blocks, without copying on.
    Optional<Blocks> now() {
        Blocks hot = copied;
        return Optional.ofNullable(hot == null ? mapped : hot);
    }

    /// Whether all blocks lie in hot memory.
    boolean isHot() {
        return copied != null;
    }

    /// The blocks to walk now, of which a slice more is copied; empty when the file is not mapped
    /// and there is no memory for it.
    Optional<Blocks> get() throws IOException {
        Blocks hot = copied;
        if (hot != null) {
            return Optional.of(hot);
        }
        if (mapped == null) {
            return readAll();
        }
        if (copying.tryLock()) {
            try {
                // Asked for again until it is given: another segment may have gone meanwhile.
                if (copied == null && reserved()) {
                    copySlice(mapped);
                }
            } finally {
                copying.unlock();
            }
        }
        return Optional.of(mapped);
    }

    private boolean reserved() {
        if (region == null) {
            region = HotMemory.reserve(graph.bytes()).orElse(null);
        }
        return region != null;
    }

    private void copySlice(Blocks from) {
        MemorySegment to = requireNonNull(region).memory;
        long length = Math.min(SLICE_BYTES, graph.bytes() - copiedBytes);
        MemorySegment.copy(from.memory(), copiedBytes, to, copiedBytes, length);
        copiedBytes += length;
        if (copiedBytes == graph.bytes()) {
            copied = blocks(to);
        }
    }

    private Optional<Blocks> readAll() throws IOException {
        copying.lock();
        try {
            if (copied == null && reserved()) {
                MemorySegment to = requireNonNull(region).memory;
                IndexInput own = in.clone();
                own.seek(graph.start());
                byte[] buffer = new byte[READ_BYTES];
                for (long at = 0; at < graph.bytes(); at += buffer.length) {
                    int length = (int) Math.min(buffer.length, graph.bytes() - at);
                    own.readBytes(buffer, 0, length);
                    MemorySegment.copy(MemorySegment.ofArray(buffer), 0, to, at, length);
                }
                copied = blocks(to);
            }
            return Optional.ofNullable(copied);
        } finally {
            copying.unlock();
        }
    }

    @Override
    public void close() {
        copying.lock();
        try {
            if (region != null) {
                region.close();
            }
        } finally {
            copying.unlock();
        }
    }
}
