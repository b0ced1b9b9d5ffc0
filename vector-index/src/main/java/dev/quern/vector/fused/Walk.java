package dev.quern.vector.fused;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.apache.lucene.util.FixedBitSet;

/// One search of a graph at a time: visits the nearest known vertex until all in the pool are
/// visited. A visit computes the exact distance to the vertex from the block's vector and estimates
/// those to its neighbours from the block's codes. Holds the memory that a search needs, so that
/// searches one after the other allocate nothing. Not thread-safe.
final class Walk {
    /// Stands for no vertex.
    static final int NO_VERTEX = -1;

    private static final int CACHE_LINE = 64;

    /// Sees each vertex that is visited.
    interface Visitor {
        /// Takes a vertex.
        ///
        /// @param estimate what the vertex was thought to be at
        /// @param distance where it is
        /// @return whether to go on
        boolean visit(int vertex, float estimate, float distance) throws IOException;

        /// Vertices that are thought to be there or farther need not be visited. Never grows during
        /// a walk; infinite for one to the end of its pool.
        default float limit() {
            return Float.POSITIVE_INFINITY;
        }
    }

    final QueryCode query;

    /// For searches that compare codes instead.
    final CodeScan scan;

    private final Kernel kernel;
    private final Pool pool = new Pool();
    private final float[] estimates = new float[BlockLayout.SLOTS];
    private final long[] fresh = new long[BlockLayout.SLOTS];
    private final Frontier frontier = new Frontier();

    /// The nearest of what [#takeNew] took.
    private long nearestNew;

    private FixedBitSet seen = new FixedBitSet(0);
    private int[] touched = new int[1_024];
    private int touchedCount;

    /// Keeps reads whose values are of no use from being optimised away.
    int fetched;

    Walk(Kernel kernel, int width) {
        this.kernel = kernel;
        this.query = new QueryCode(kernel, width);
        this.scan = new CodeScan(kernel, width);
    }

    /// Walks toward [#query] from an entry.
    ///
    /// @param lift of the query
    /// @param width places in the pool, 1 or more
    void run(Blocks blocks, Measure measure, float lift, int entry, int width, Visitor visitor)
            throws IOException {
        run(blocks, measure, lift, entry, width, visitor, NO_VERTEX);
    }

    /// As the other.
    ///
    /// @param without a vertex that is not visited, unless it is the entry; [#NO_VERTEX] for none
    void run(
            Blocks blocks,
            Measure measure,
            float lift,
            int entry,
            int width,
            Visitor visitor,
            int without)
            throws IOException {
        prepare(blocks.count(), width);
        if (without != NO_VERTEX) {
            see(without);
        }
        MemorySegment memory = blocks.memory();
        see(entry);
        pool.add(Pool.entry(entry, Float.NEGATIVE_INFINITY));
        for (int place = pool.next(); place != Pool.NONE; place = pool.next()) {
            int vertex = pool.vertex(place);
            float estimate = pool.estimate(place);
            if (estimate > visitor.limit()) {
                return;
            }
            long block = blocks.at(vertex);
            fetch(blocks.layout(), memory, block);
            float distance = measure.distance(kernel, query.vector, lift, blocks, vertex);
            if (!visitor.visit(vertex, estimate, distance)) {
                return;
            }
            if (measure.lifts() == null) {
                float limit = visitor.limit();
                float bound = Math.min(pool.bound(), limit);
                int below = kernel.estimate(query, memory, block, distance, bound, estimates);
                add(blocks, block, below);
            } else {
                addLifted(blocks, block, distance, measure, lift);
            }
        }
    }

    /// Asks for every cache line of a block at once and in order, as the processor fetches ahead
    /// best, so that they are on their way while the first are computed with.
    private void fetch(BlockLayout layout, MemorySegment memory, long block) {
        int sum = 0;
        long end = block + layout.bytes();
        for (long at = block; at < end; at += CACHE_LINE) {
            sum += memory.get(Kernel.INT, at);
        }
        fetched = sum;
    }

    /// Walks toward [#query] from an entry, always to the nearest vertex by estimate that is known.
    /// For searches whose visitor has a limit; else the vertices that are known would be too many.
    ///
    /// @param visits at most
    /// @param without as above
    void run(Blocks blocks, Measure measure, int entry, int visits, Nearest visitor, int without)
            throws IOException {
        prepare(blocks.count(), 0);
        if (without != NO_VERTEX) {
            see(without);
        }
        frontier.clear();
        see(entry);
        MemorySegment memory = blocks.memory();
        long next = Pool.entry(entry, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < visits && next != Pool.NOTHING; i++) {
            float estimate = Pool.estimate(next);
            if (estimate > visitor.limit()) {
                return;
            }
            int vertex = Pool.vertex(next);
            long block = blocks.at(vertex);
            fetch(blocks.layout(), memory, block);
            // While the block is on its way.
            long known = frontier.nearestBut(kernel, next);
            float distance = measure.distance(kernel, query.vector, 0, blocks, vertex);
            if (!visitor.visit(vertex, estimate, distance)) {
                return;
            }
            int below = kernel.estimate(query, memory, block, distance, visitor.limit(), estimates);
            long[] room = frontier.room(BlockLayout.SLOTS);
            frontier.grow(takeNew(blocks, block, below, room, frontier.at()));
            next = Math.min(known, nearestNew);
        }
    }

    private void add(Blocks blocks, long block, int below) throws IOException {
        int count = takeNew(blocks, block, below, fresh, 0);
        for (int i = 0; i < count; i++) {
            pool.add(fresh[i]);
        }
    }

    /// Makes entries of neighbours that are below the bound and new. Finds out what is new without
    /// a branch, which would be foretold wrongly.
    ///
    /// @param into receives them from an index on, and one more that is none
    /// @return the index after them
    private int takeNew(Blocks blocks, long block, int below, long[] into, int at)
            throws IOException {
        if (touched.length < touchedCount + BlockLayout.SLOTS) {
            touched = Arrays.copyOf(touched, touched.length * 2);
        }
        long[] bits = seen.getBits();
        int end = at;
        long least = Pool.NOTHING;
        for (int rest = below; rest != 0; rest &= rest - 1) {
            int slot = Integer.numberOfTrailingZeros(rest);
            int id = blocks.neighbour(block, slot);
            if (id < 0 || id >= blocks.count()) {
                throw blocks.badNeighbour(block, slot, id);
            }
            long word = bits[id >> 6];
            bits[id >> 6] = word | 1L << id;
            int isNew = (int) ~(word >> id) & 1;
            touched[touchedCount] = id;
            touchedCount += isNew;
            long entry = Pool.entry(id, estimates[slot]);
            into[end] = entry;
            end += isNew;
            least = Math.min(least, (entry & -isNew) | (Pool.NOTHING & (isNew - 1)));
        }
        nearestNew = least;
        return end;
    }

    private void addLifted(Blocks blocks, long block, float distance, Measure measure, float lift)
            throws IOException {
        // The block's own lift is not part of what its codes are relative to.
        int vertex = (int) (block / blocks.layout().bytes());
        float base = distance + lift * measure.lift(vertex);
        kernel.estimate(query, blocks.memory(), block, base, Float.POSITIVE_INFINITY, estimates);
        int below = 0;
        for (int slot = 0; slot < BlockLayout.SLOTS; slot++) {
            int id = blocks.neighbour(block, slot);
            estimates[slot] -= lift * measure.lift(id);
            below |= estimates[slot] < pool.bound() ? 1 << slot : 0;
        }
        add(blocks, block, below);
    }

    private void prepare(int count, int width) {
        if (seen.length() < count) {
            seen = new FixedBitSet(count);
        } else if (touchedCount > count / Long.SIZE) {
            seen.clear();
        } else {
            for (int i = 0; i < touchedCount; i++) {
                seen.clear(touched[i]);
            }
        }
        touchedCount = 0;
        pool.reset(width);
    }

    private void see(int vertex) {
        seen.set(vertex);
        if (touchedCount == touched.length) {
            touched = Arrays.copyOf(touched, touchedCount * 2);
        }
        touched[touchedCount++] = vertex;
    }
}
