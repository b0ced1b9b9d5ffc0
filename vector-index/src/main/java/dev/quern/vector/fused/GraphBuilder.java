package dev.quern.vector.fused;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.lucene.search.TaskExecutor;
import org.apache.lucene.util.IORunnable;
import org.jspecify.annotations.Nullable;

/// Builds a graph over blocks that hold their vectors, by the search that will walk it.
///
/// Vertices come in a random order, in batches that at most double the graph and are at most a
/// fiftieth of all. Each vertex of a batch walks the graph as it was before the batch, on
/// estimates, and chooses its neighbours among what it visited; then every vertex that was chosen
/// gets the edges back to those that chose it. When all are in, each walks the whole graph once
/// more and fills its 32 slots; at last, vertices that no path leads to are linked in.
///
/// A phase reads what the phases before it wrote and writes only its own vertices' blocks, so any
/// number of threads builds the same graph, byte by byte.
final class GraphBuilder {
    private static final int INSERT_WIDTH = 80;
    private static final int REFINE_WIDTH = 120;
    private static final int MIN_BATCH = 64;
    private static final int BATCH_SHARE = 50;
    private static final int CLAIM = 32;

    private final Kernel kernel;
    private final Blocks blocks;
    private final Measure measure;
    private final MemorySegment side;
    private final Crew crew;
    private int entry;

    /// Who works.
    ///
    /// @param threads 1 or more; the executor is not used for 1
    /// @param checkpoint called now and then, throws to stop
    record Crew(@Nullable TaskExecutor executor, int threads, IORunnable checkpoint) {}

    /// What one thread works with.
    private final class Hand {
        final Walk walk = new Walk(kernel, blocks.layout().width());
        final Candidates candidates = new Candidates();
        final Pruner pruner = new Pruner(kernel, blocks, measure);
        final Edges edges = new Edges(kernel, blocks, side, measure.inner());
    }

    private interface Job {
        void run(Hand hand, int index) throws IOException;
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
    /// @return the vertex where walks begin
    int build() throws IOException {
        int count = blocks.count();
        int[] order = order(count);
        entry = central();
        swapFirst(order, entry);
        Hand first = new Hand();
        for (int vertex = 0; vertex < count; vertex++) {
            for (int slot = 0; slot < BlockLayout.SLOTS; slot++) {
                first.edges.clear(vertex, slot);
            }
        }
        int batchMax = Math.max(MIN_BATCH, count / BATCH_SHARE);
        int done = 1;
        while (done < count) {
            int size = Math.min(count - done, Math.clamp(done, 1, batchMax));
            insert(Arrays.copyOfRange(order, done, done + size));
            done += size;
        }
        refine();
        new Reach(blocks, side, kernel, measure, entry).linkAll();
        return entry;
    }

    private static int[] order(int count) {
        int[] order = new int[count];
        long state = count;
        for (int i = 0; i < count; i++) {
            state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            int j = (int) (((state >>> 32) * (i + 1)) >>> 32);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static void swapFirst(int[] order, int vertex) {
        for (int i = 0; i < order.length; i++) {
            if (order[i] == vertex) {
                order[i] = order[0];
                order[0] = vertex;
                return;
            }
        }
    }

    /// The vertex nearest to the mean of all.
    private int central() {
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
            if (distance < least) {
                least = distance;
                nearest = vertex;
            }
        }
        return nearest;
    }

    private void insert(int[] batch) throws IOException {
        each(
                batch.length,
                (hand, index) -> {
                    int vertex = batch[index];
                    look(hand, vertex, INSERT_WIDTH);
                    hand.pruner.choose(vertex, hand.candidates, false);
                    write(hand, vertex);
                });
        long[] back = backEdges(batch);
        int[] groups = groups(back);
        each(
                groups.length - 1,
                (hand, index) -> link(hand, back, groups[index], groups[index + 1]));
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
    }

    /// Each edge of the batch the other way round, sorted: to whom in the upper half, and in the
    /// lower half who chose it.
    private long[] backEdges(int[] batch) {
        Edges edges = new Edges(kernel, blocks, side, measure.inner());
        int total = 0;
        for (int vertex : batch) {
            total += edges.degree(vertex);
        }
        long[] back = new long[total];
        int at = 0;
        for (int vertex : batch) {
            for (int slot = 0; slot < edges.degree(vertex); slot++) {
                back[at++] = (long) edges.neighbour(vertex, slot) << 32 | vertex;
            }
        }
        Arrays.sort(back);
        return back;
    }

    /// Where each run of equal upper halves begins, and the end.
    private static int[] groups(long[] back) {
        int[] starts = new int[back.length + 1];
        int count = 0;
        for (int i = 0; i < back.length; i++) {
            if (i == 0 || back[i] >>> 32 != back[i - 1] >>> 32) {
                starts[count++] = i;
            }
        }
        starts[count] = back.length;
        return Arrays.copyOf(starts, count + 1);
    }

    private void link(Hand hand, long[] back, int from, int to) {
        int vertex = (int) (back[from] >>> 32);
        Edges edges = hand.edges;
        int degree = edges.degree(vertex);
        edges.begin(vertex);
        if (degree + to - from <= BlockLayout.SLOTS) {
            for (int i = from; i < to; i++) {
                int chooser = (int) back[i];
                edges.set(vertex, degree++, chooser, square(hand, vertex, chooser));
            }
            edges.degree(vertex, degree);
            return;
        }
        hand.candidates.clear();
        for (int slot = 0; slot < degree; slot++) {
            hand.candidates.add(edges.neighbour(vertex, slot), edges.square(vertex, slot));
        }
        for (int i = from; i < to; i++) {
            hand.candidates.add((int) back[i], square(hand, vertex, (int) back[i]));
        }
        hand.candidates.sort();
        hand.pruner.choose(vertex, hand.candidates, false);
        replace(hand, vertex, degree);
    }

    /// Puts what was chosen into the slots, leaving those that stay as they are.
    private static void replace(Hand hand, int vertex, int degree) {
        Edges edges = hand.edges;
        Pruner pruner = hand.pruner;
        int count = pruner.count();
        boolean[] placed = new boolean[count];
        boolean[] kept = new boolean[BlockLayout.SLOTS];
        for (int slot = 0; slot < Math.min(degree, count); slot++) {
            int neighbour = edges.neighbour(vertex, slot);
            for (int i = 0; i < count && !kept[slot]; i++) {
                if (!placed[i] && pruner.vertex(i) == neighbour) {
                    placed[i] = true;
                    kept[slot] = true;
                }
            }
        }
        int slot = 0;
        for (int i = 0; i < count; i++) {
            if (!placed[i]) {
                while (kept[slot]) {
                    slot++;
                }
                edges.set(vertex, slot++, pruner.vertex(i), pruner.square(i));
            }
        }
        for (int free = count; free < degree; free++) {
            edges.clear(vertex, free);
        }
        edges.degree(vertex, count);
    }

    private float square(Hand hand, int vertex, int other) {
        float[] vector = hand.walk.query.vector;
        MemorySegment.copy(
                blocks.memory(), Kernel.FLOAT, blocks.at(vertex), vector, 0, vector.length);
        return measure.square(
                measure.distance(kernel, vector, measure.lift(vertex), blocks, other));
    }

    /// Chooses every vertex's neighbours anew on the whole graph. The choices lie on the heap until
    /// all have walked, 256 bytes a vertex.
    private void refine() throws IOException {
        int count = blocks.count();
        int[][] chosen = new int[count][];
        float[][] squares = new float[count][];
        each(
                count,
                (hand, vertex) -> {
                    look(hand, vertex, REFINE_WIDTH);
                    for (int slot = 0; slot < hand.edges.degree(vertex); slot++) {
                        hand.candidates.add(
                                hand.edges.neighbour(vertex, slot),
                                hand.edges.square(vertex, slot));
                    }
                    hand.candidates.sort();
                    hand.pruner.choose(vertex, hand.candidates, true);
                    int size = hand.pruner.count();
                    chosen[vertex] = new int[size];
                    squares[vertex] = new float[size];
                    for (int i = 0; i < size; i++) {
                        chosen[vertex][i] = hand.pruner.vertex(i);
                        squares[vertex][i] = hand.pruner.square(i);
                    }
                });
        each(
                count,
                (hand, vertex) -> {
                    hand.edges.begin(vertex);
                    for (int i = 0; i < chosen[vertex].length; i++) {
                        hand.edges.set(vertex, i, chosen[vertex][i], squares[vertex][i]);
                    }
                    for (int i = chosen[vertex].length; i < BlockLayout.SLOTS; i++) {
                        hand.edges.clear(vertex, i);
                    }
                    hand.edges.degree(vertex, chosen[vertex].length);
                });
    }

    /// Runs a job for each index, shared out among the threads in small claims.
    private void each(int count, Job job) throws IOException {
        crew.checkpoint().run();
        AtomicInteger next = new AtomicInteger();
        Callable<Void> worker =
                () -> {
                    Hand hand = new Hand();
                    for (int from = next.getAndAdd(CLAIM);
                            from < count;
                            from = next.getAndAdd(CLAIM)) {
                        for (int i = from; i < Math.min(count, from + CLAIM); i++) {
                            job.run(hand, i);
                        }
                    }
                    return null;
                };
        TaskExecutor executor = crew.executor();
        int workers = Math.min(crew.threads(), (count + CLAIM - 1) / CLAIM);
        if (executor == null || workers <= 1) {
            call(worker);
            return;
        }
        List<Callable<Void>> workers2 = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            workers2.add(worker);
        }
        executor.invokeAll(workers2);
    }

    private static void call(Callable<Void> worker) throws IOException {
        try {
            worker.call();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
