package dev.quern.vector.fused;

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

    private final GraphMeta graph;
    private final String source;
    private final ReentrantLock copying = new ReentrantLock();
    private final HotMemory.@Nullable Region region;
    private final @Nullable Blocks mapped;
    private volatile @Nullable Blocks copied;
    private long copiedBytes;

    HotBlocks(IndexInput in, GraphMeta graph) throws IOException {
        this.graph = graph;
        this.source = in.toString();
        MemorySegment file =
                in instanceof MemorySegmentAccessInput memory
                        ? memory.segmentSliceOrNull(graph.start(), graph.bytes())
                        : null;
        this.region = HotMemory.reserve(graph.bytes()).orElse(null);
        this.mapped = file == null ? null : blocks(file);
        if (file == null && region != null) {
            readAll(in, region.memory);
            this.copied = blocks(region.memory);
        }
    }

    private Blocks blocks(MemorySegment memory) {
        return new Blocks(memory, graph.layout(), graph.count(), source, graph.start());
    }

    private void readAll(IndexInput in, MemorySegment into) throws IOException {
        IndexInput own = in.clone();
        own.seek(graph.start());
        byte[] buffer = new byte[1 << 16];
        for (long at = 0; at < graph.bytes(); at += buffer.length) {
            int length = (int) Math.min(buffer.length, graph.bytes() - at);
            own.readBytes(buffer, 0, length);
            MemorySegment.copy(MemorySegment.ofArray(buffer), 0, into, at, length);
        }
    }

    /// The blocks, without copying on.
    Optional<Blocks> now() {
        Blocks hot = copied;
        return Optional.ofNullable(hot == null ? mapped : hot);
    }

    /// The blocks to walk now, of which a slice more is copied; empty when the file is not mapped
    /// and there was no memory for it.
    Optional<Blocks> get() {
        Blocks hot = copied;
        if (hot != null) {
            return Optional.of(hot);
        }
        if (region != null && mapped != null && copying.tryLock()) {
            try {
                copySlice(region, mapped);
            } finally {
                copying.unlock();
            }
        }
        return Optional.ofNullable(mapped);
    }

    private void copySlice(HotMemory.Region to, Blocks from) {
        long length = Math.min(SLICE_BYTES, graph.bytes() - copiedBytes);
        MemorySegment.copy(from.memory(), copiedBytes, to.memory, copiedBytes, length);
        copiedBytes += length;
        if (copiedBytes == graph.bytes()) {
            copied = blocks(to.memory);
        }
    }

    /// Bytes of memory besides the mapped file.
    long hotBytes() {
        return region == null ? 0 : graph.bytes();
    }

    @Override
    public void close() {
        if (region != null) {
            region.close();
        }
    }
}
