package dev.quern.vector.fused;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.lucene.util.FixedBitSet;

/// Builds a graph over blocks that hold their vectors, by the search that will walk it.
///
/// Vertices come in a random order, in batches that at most double the graph and are at most a
/// twentieth of all. Each vertex of a batch walks the graph as it was before the batch, on
/// estimates, and chooses its neighbours among what it visited; then every vertex that was chosen
/// gets the edges back to those that chose it. When all are in, each walks the whole graph once
/// more, wider, and chooses anew: firm edges, and loose ones that fill the slots left. Edges back
/// follow as before and take the slots of loose ones: without them, recall at 200 candidates fell
/// from .988 to .982 (100,000 x 384). These second walks follow a [Chain], because what they wait
/// for is memory. At last, vertices that no path leads to are linked in.
///
/// A merge goes on from the largest graph that it merges: edges between vertices that are still
/// there are kept, the other vectors are inserted, and only they, and vertices with free slots,
/// choose anew.
///
/// A phase reads what the phases before it wrote and writes only its own vertices' blocks, so any
/// number of threads builds the same graph, byte by byte.
final class GraphBuilder {
    private static final int INSERT_WIDTH = 60;
    private static final int REFINE_WIDTH = 160;
    private static final int FILL_WIDTH = 64;
    private static final int SLOTS = BlockLayout.SLOTS;
    private static final int SLICE = 1 << 18;
    private static final int MIN_BATCH = 64;
    private static final int BATCH_SHARE = 20;

    private final Kernel kernel;
    private final Blocks blocks;
    private final Measure measure;
    private final MemorySegment side;
    private final Crew crew;
    private int entry;

    /// What one thread works with.
    private final class Hand {
        final Walk walk = new Walk(kernel, blocks.layout().width());
        final Candidates candidates = new Candidates();
        final Candidates fresh = new Candidates();
        final Pruner pruner = new Pruner(kernel, blocks, measure);
        final Edges edges = new Edges(kernel, blocks, side, measure.inner());
    }

    /// @param side zeroed, [Edges#SIDE_BYTES] a vertex
    GraphBuilder(Kernel kernel, Blocks blocks, Measure measure, MemorySegment side, Crew crew) {
        this.kernel = kernel;
        this.blocks = blocks;
        this.measure = measure;
        this.side = side;
        this.crew = crew;
    }

    /// Fills the blocks.
    ///
    /// @param base to go on from
    /// @return the vertex where walks begin
    int build(Optional<MergeBase> base) throws IOException {
        int count = blocks.count();
        Edges edges = new Edges(kernel, blocks, side, measure.inner());
        FixedBitSet present = new FixedBitSet(count);
        for (int vertex = 0; vertex < count; vertex++) {
            for (int slot = 0; slot < SLOTS; slot++) {
                edges.clear(vertex, slot);
            }
        }
        if (base.isPresent()) {
            take(base.get(), present);
        } else {
            present.set(0, count);
        }
        entry = central(present);
        if (base.isEmpty()) {
            present.clear(0, count);
            present.set(entry);
        }
        int done = present.cardinality();
        int[] fresh = shuffled(present);
        int batchMax = Math.max(MIN_BATCH, count / BATCH_SHARE);
        for (int from = 0; from < fresh.length; ) {
            int size = Math.min(fresh.length - from, Math.clamp(done, 1, batchMax));
            insert(Arrays.copyOfRange(fresh, from, from + size));
            from += size;
            done += size;
        }
        for (int[] slice : slices(chained(fresh, edges))) {
            refine(slice, REFINE_WIDTH);
            linkBack(slice, true);
        }
        int[] open = IntStream.range(0, count).filter(v -> edges.degree(v) < SLOTS).toArray();
        for (int[] slice : slices(open)) {
            refine(slice, FILL_WIDTH);
        }
        new Reach(blocks, side, kernel, measure, entry).linkAll();
        return entry;
    }

    /// Some vertices in the order of a chain through the graph.
    private int[] chained(int[] some, Edges edges) {
        FixedBitSet wanted = new FixedBitSet(blocks.count());
        for (int vertex : some) {
            wanted.set(vertex);
        }
        return Arrays.stream(Chain.from(entry, blocks, edges)).filter(wanted::get).toArray();
    }

    /// Bounds what a phase keeps on the heap.
    private static List<int[]> slices(int[] vertices) {
        List<int[]> slices = new ArrayList<>();
        for (int from = 0; from < vertices.length; from += SLICE) {
            int to = Math.min(vertices.length, from + SLICE);
            slices.add(Arrays.copyOfRange(vertices, from, to));
        }
        return slices;
    }

    /// Takes over the edges of an old graph between vertices that are still there.
    ///
    /// @param present receives these
    private void take(MergeBase base, FixedBitSet present) throws IOException {
        Blocks old = base.blocks();
        for (int vertex : base.vertices()) {
            if (vertex >= 0) {
                present.set(vertex);
            }
        }
        crew.each(
                old.count(),
                Hand::new,
                (hand, from) -> {
                    int vertex = base.vertices()[from];
                    if (vertex < 0) {
                        return;
                    }
                    hand.edges.begin(vertex);
                    int degree = 0;
                    for (int slot = 0; slot < SLOTS; slot++) {
                        int id = old.neighbour(old.at(from), slot);
                        if (id < 0 || id >= old.count()) {
                            throw old.badNeighbour(old.at(from), slot, id);
                        }
                        int neighbour = base.vertices()[id];
                        if (neighbour >= 0 && neighbour != vertex) {
                            float square = square(hand, vertex, neighbour);
                            hand.edges.set(vertex, degree++, neighbour, square);
                        }
                    }
                    hand.edges.degree(vertex, degree);
                    hand.edges.firm(vertex, mask(degree));
                });
    }

    /// The vertices that are not there yet, in a random order that their number determines.
    private static int[] shuffled(FixedBitSet present) {
        int[] fresh = new int[present.length() - present.cardinality()];
        long state = fresh.length;
        int count = 0;
        for (int vertex = 0; vertex < present.length(); vertex++) {
            if (!present.get(vertex)) {
                state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
                int j = (int) (((state >>> 32) * (count + 1)) >>> 32);
                fresh[count] = fresh[j];
                fresh[j] = vertex;
                count++;
            }
        }
        return fresh;
    }

    /// The vertex of some that is nearest to the mean of all.
    private int central(FixedBitSet some) {
        int width = blocks.layout().width();
        double[] sum = new double[width];
        float[] vector = new float[width];
        for (int vertex = 0; vertex < blocks.count(); vertex++) {
            MemorySegment.copy(blocks.memory(), Kernel.FLOAT, blocks.at(vertex), vector, 0, width);
            for (int i = 0; i < width; i++) {
                sum[i] += vector[i];
            }
        }
        for (int i = 0; i < width; i++) {
            vector[i] = (float) (sum[i] / blocks.count());
        }
        int nearest = 0;
        float least = Float.POSITIVE_INFINITY;
        for (int vertex = 0; vertex < blocks.count(); vertex++) {
            float distance = kernel.squareDistance(vector, blocks.memory(), blocks.at(vertex));
            if (distance < least && some.get(vertex)) {
                least = distance;
                nearest = vertex;
            }
        }
        return nearest;
    }

    private void insert(int[] batch) throws IOException {
        crew.each(
                batch.length,
                Hand::new,
                (hand, index) -> {
                    int vertex = batch[index];
                    look(hand, vertex, INSERT_WIDTH);
                    hand.pruner.choose(vertex, hand.candidates, false);
                    write(hand, vertex);
                });
        linkBack(batch, false);
    }

    /// Gives every vertex that was chosen the edges back to those of the batch that chose it.
    ///
    /// @param fill as [Pruner#choose] takes it
    private void linkBack(int[] batch, boolean fill) throws IOException {
        BackEdges back = BackEdges.of(batch, new Edges(kernel, blocks, side, measure.inner()));
        crew.each(back.vertices(), Hand::new, (hand, index) -> link(hand, back, index, fill));
    }

    /// Walks toward a vertex and makes candidates of all that is visited.
    private void look(Hand hand, int vertex, int width) throws IOException {
        float[] query = hand.walk.query.vector;
        MemorySegment.copy(
                blocks.memory(), Kernel.FLOAT, blocks.at(vertex), query, 0, query.length);
        hand.walk.query.quantise();
        hand.candidates.clear();
        hand.walk.run(
                blocks,
                measure,
                measure.lift(vertex),
                entry,
                width,
                (visited, estimate, distance) -> {
                    if (visited != vertex) {
                        hand.candidates.add(visited, measure.square(distance));
                    }
                    return true;
                });
        hand.candidates.sort();
    }

    private static void write(Hand hand, int vertex) {
        hand.edges.begin(vertex);
        for (int i = 0; i < hand.pruner.count(); i++) {
            hand.edges.set(vertex, i, hand.pruner.vertex(i), hand.pruner.square(i));
        }
        hand.edges.degree(vertex, hand.pruner.count());
        hand.edges.firm(vertex, mask(hand.pruner.firm()));
        hand.edges.settled(vertex, mask(hand.pruner.firm()));
    }

    /// The first slots.
    private static int mask(int count) {
        return count == Integer.SIZE ? -1 : (1 << count) - 1;
    }

    private void link(Hand hand, BackEdges back, int index, boolean fill) {
        int vertex = back.vertex(index);
        Edges edges = hand.edges;
        Candidates fresh = hand.fresh;
        fresh.clear();
        int firm = edges.firm(vertex);
        for (int edge = back.from(index); edge < back.from(index + 1); edge++) {
            int slot = edges.find(vertex, back.chooser(edge));
            if (slot < 0) {
                fresh.add(back.chooser(edge), back.square(edge));
            } else {
                firm |= 1 << slot;
            }
        }
        int degree = edges.degree(vertex);
        if (fresh.size() > SLOTS - Integer.bitCount(firm)) {
            hand.candidates.clear();
            int settled = edges.settled(vertex);
            for (int slot = 0; slot < degree; slot++) {
                if (fill || (firm & 1 << slot) != 0) {
                    hand.candidates.add(
                            edges.neighbour(vertex, slot),
                            edges.square(vertex, slot),
                            (settled & 1 << slot) != 0);
                }
            }
            for (int i = 0; i < fresh.size(); i++) {
                hand.candidates.add(fresh.vertex(i), fresh.square(i));
            }
            hand.candidates.sort();
            hand.pruner.choose(vertex, hand.candidates, fill);
            edges.begin(vertex);
            replace(hand, vertex, degree);
            return;
        }
        if (fresh.size() > 0) {
            edges.begin(vertex);
        }
        for (int i = 0; i < fresh.size(); i++) {
            int slot = degree < SLOTS ? degree++ : farthest(edges, vertex, ~firm);
            edges.set(vertex, slot, fresh.vertex(i), fresh.square(i));
            firm |= 1 << slot;
        }
        edges.degree(vertex, degree);
        edges.firm(vertex, firm);
    }

    /// The slot with the longest edge among some.
    private static int farthest(Edges edges, int vertex, int slots) {
        int farthest = -1;
        float most = Float.NEGATIVE_INFINITY;
        for (int rest = slots; rest != 0; rest &= rest - 1) {
            int slot = Integer.numberOfTrailingZeros(rest);
            float square = edges.square(vertex, slot);
            if (square > most) {
                most = square;
                farthest = slot;
            }
        }
        return farthest;
    }

    /// Puts what was chosen into the slots, leaving those that stay as they are.
    private static void replace(Hand hand, int vertex, int degree) {
        Edges edges = hand.edges;
        Pruner pruner = hand.pruner;
        int count = pruner.count();
        int kept = 0;
        int firm = 0;
        boolean[] placed = new boolean[count];
        for (int slot = 0; slot < Math.min(degree, count); slot++) {
            int neighbour = edges.neighbour(vertex, slot);
            for (int i = 0; i < count; i++) {
                if (!placed[i] && pruner.vertex(i) == neighbour) {
                    placed[i] = true;
                    kept |= 1 << slot;
                    firm |= i < pruner.firm() ? 1 << slot : 0;
                    break;
                }
            }
        }
        for (int i = 0; i < count; i++) {
            if (!placed[i]) {
                int slot = Integer.numberOfTrailingZeros(~kept);
                edges.set(vertex, slot, pruner.vertex(i), pruner.square(i));
                kept |= 1 << slot;
                firm |= i < pruner.firm() ? 1 << slot : 0;
            }
        }
        for (int free = count; free < degree; free++) {
            edges.clear(vertex, free);
        }
        edges.degree(vertex, count);
        edges.firm(vertex, firm);
        edges.settled(vertex, firm);
    }

    private float square(Hand hand, int vertex, int other) {
        float[] vector = hand.walk.query.vector;
        MemorySegment.copy(
                blocks.memory(), Kernel.FLOAT, blocks.at(vertex), vector, 0, vector.length);
        return measure.square(
                measure.distance(kernel, vector, measure.lift(vertex), blocks, other));
    }

    /// Chooses some vertices' neighbours anew on the whole graph. The choices lie on the heap until
    /// all of these have walked, about 300 bytes a vertex.
    private void refine(int[] vertices, int width) throws IOException {
        int count = vertices.length;
        int[][] chosen = new int[count][];
        float[][] squares = new float[count][];
        byte[] firm = new byte[count];
        crew.each(
                count,
                Hand::new,
                (hand, index) -> {
                    int vertex = vertices[index];
                    look(hand, vertex, width);
                    for (int slot = 0; slot < hand.edges.degree(vertex); slot++) {
                        hand.candidates.add(
                                hand.edges.neighbour(vertex, slot),
                                hand.edges.square(vertex, slot));
                    }
                    hand.candidates.sort();
                    hand.pruner.choose(vertex, hand.candidates, true);
                    chosen[index] = hand.pruner.vertices();
                    squares[index] = hand.pruner.squares();
                    firm[index] = (byte) hand.pruner.firm();
                });
        crew.each(
                count,
                Hand::new,
                (hand, index) -> {
                    int vertex = vertices[index];
                    hand.edges.begin(vertex);
                    for (int i = 0; i < chosen[index].length; i++) {
                        hand.edges.set(vertex, i, chosen[index][i], squares[index][i]);
                    }
                    for (int i = chosen[index].length; i < SLOTS; i++) {
                        hand.edges.clear(vertex, i);
                    }
                    hand.edges.degree(vertex, chosen[index].length);
                    hand.edges.firm(vertex, mask(firm[index]));
                    hand.edges.settled(vertex, mask(firm[index]));
                });
    }
}
