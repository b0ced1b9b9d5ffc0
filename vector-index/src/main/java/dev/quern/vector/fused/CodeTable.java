package dev.quern.vector.fused;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A one-bit code of every vertex of a graph, relative to the mean of them all, in [HotMemory]: a
/// search under a filter compares those of the rows that match, some tenths of a kilobyte each,
/// before it looks at any vector. Derived from the blocks as soon as such searches come, each
/// making a slice, so that none waits for the whole. Thread-safe; the segment's reader closes it
/// when no search runs any more.
///
/// A row: two floats, the constant term and the factor of the estimate as in a block whose own
/// vector is the mean ([FusedVectorsFormat]), then the signs of the residual, bit `i % 64` of long
/// `i / 64`.
final class CodeTable implements Closeable {
    /// Vertices whose codes one search makes: about 2 ms of work.
    private static final int SLICE = 2_048;

    /// Vertices of which the mean is taken.
    private static final int SAMPLE = 4_096;

    static final int HEAD_BYTES = 2 * Float.BYTES;
    private static final int LINE_BYTES = 64;

    private final GraphMeta graph;
    private final Kernel kernel;
    private final ReentrantLock making = new ReentrantLock();
    private HotMemory.@Nullable Region region;
    private float @Nullable [] mean;
    private int made;
    private volatile @Nullable Codes codes;
    private volatile boolean full;

    CodeTable(GraphMeta graph, Kernel kernel) {
        this.graph = graph;
        this.kernel = kernel;
    }

    /// All codes.
    ///
    /// @param memory row v begins at `v * rowBytes`
    /// @param mean what they are relative to
    record Codes(MemorySegment memory, int rowBytes, float[] mean) {
        long at(int vertex) {
            return (long) vertex * rowBytes;
        }

        /// The estimate of a vertex's distance.
        ///
        /// @param base the query's distance to the mean
        /// @param differing of the query and the code, as [Kernel#differing] counts it
        float estimate(QueryCode query, float base, int vertex, int differing) {
            float constant = memory.get(Kernel.FLOAT, at(vertex));
            return (constant + base) + factor(vertex) * (query.start - differing * query.step);
        }

        /// The factor of a vertex, to which the error of its estimate is in proportion.
        float factor(int vertex) {
            return memory.get(Kernel.FLOAT, at(vertex) + Float.BYTES);
        }
    }

    /// Bytes of a row: what it needs, rounded up so that none crosses more cache lines than it
    /// must.
    static int rowBytes(int width) {
        int bytes = HEAD_BYTES + width / Byte.SIZE;
        return bytes >= LINE_BYTES
                ? (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES
                : Integer.highestOneBit(bytes * 2 - 1);
    }

    /// Whether there was no memory for codes when they were last asked for.
    boolean isFull() {
        return full;
    }

    /// Bytes of the codes, 0 while they are not all made.
    long bytes() {
        Codes all = codes;
        return all == null ? 0 : all.memory().byteSize();
    }

    /// The codes if all are made; makes some more if not and no other search does.
    Optional<Codes> get(Blocks blocks) {
        if (codes == null && making.tryLock()) {
            try {
                if (codes == null && reserved()) {
                    makeSlice(blocks);
                }
            } finally {
                making.unlock();
            }
        }
        return Optional.ofNullable(codes);
    }

    private boolean reserved() {
        if (region == null) {
            long bytes = (long) graph.count() * rowBytes(graph.layout().width());
            region = HotMemory.reserve(bytes).orElse(null);
            full = region == null;
        }
        return region != null;
    }

    private void makeSlice(Blocks blocks) {
        if (mean == null) {
            mean = mean(blocks);
        }
        float[] centre = mean;
        MemorySegment memory = requireNonNull(region).memory;
        float[] vector = new float[centre.length];
        int[] code = new int[blocks.layout().words()];
        float[] sums = new float[4];
        boolean inner = graph.measure().inner();
        int rowBytes = rowBytes(centre.length);
        int end = Math.min(graph.count(), made + SLICE);
        for (int vertex = made; vertex < end; vertex++) {
            read(blocks, vertex, vector);
            kernel.encode(centre, vector, code, sums);
            // As in Edges, with the mean for the block's own vector.
            float f = sums[1] > 0 ? sums[0] / sums[1] : 0;
            long at = (long) vertex * rowBytes;
            memory.set(Kernel.FLOAT, at, inner ? f * sums[2] - sums[3] : sums[0] + 2 * f * sums[2]);
            memory.set(Kernel.FLOAT, at + Float.BYTES, inner ? -f : -2 * f);
            MemorySegment.copy(code, 0, memory, Kernel.INT, at + HEAD_BYTES, code.length);
        }
        made = end;
        if (end == graph.count()) {
            codes = new Codes(memory, rowBytes, centre);
        }
    }

    private float[] mean(Blocks blocks) {
        int step = Math.max(1, graph.count() / SAMPLE);
        float[] vector = new float[graph.layout().width()];
        float[] sum = new float[vector.length];
        int taken = 0;
        for (int vertex = 0; vertex < graph.count(); vertex += step) {
            read(blocks, vertex, vector);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += vector[i];
            }
            taken++;
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] /= taken;
        }
        return sum;
    }

    private static void read(Blocks blocks, int vertex, float[] into) {
        MemorySegment.copy(blocks.memory(), Kernel.FLOAT, blocks.at(vertex), into, 0, into.length);
    }

    @Override
    public void close() {
        making.lock();
        try {
            if (region != null) {
                region.close();
            }
        } finally {
            making.unlock();
        }
    }
}
