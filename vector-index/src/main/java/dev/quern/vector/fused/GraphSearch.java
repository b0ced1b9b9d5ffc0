package dev.quern.vector.fused;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/// Searches of one field's graph. Thread-safe.
///
/// A vertex that the filter rejects, or that is deleted, is walked through but not collected. So
/// that as many are collected as without a filter, the pool is wider by one over the share that
/// passes, and a walk ends when the next candidate is beyond all of the best it looked for. It is
/// abandoned when far fewer of the vertices near the query pass than of all; then, and where
/// [FilterPlanner] finds it cheaper at once, all that passes is looked at: by its codes
/// ([CodeTable]) or one vector after the other.
///
/// Where estimates are precise enough, a walk ends before all in its pool are visited when the next
/// candidate is thought to be beyond the last of the wanted hits by a margin that grows with the
/// width: so an easy query takes fewer visits than a hard one, which has a wider pool for it.
final class GraphSearch {
    /// The narrowest pool of a walk.
    private static final int MIN_WIDTH = 16;

    /// Walks that are kept for reuse.
    private static final int MAX_IDLE_WALKS = 64;

    /// Of the candidates that a filtered walk hopes for, the share it must find to be believed.
    private static final double ENOUGH = 0.5;

    /// Visits after which a filtered walk first looks at how many passed.
    private static final int LOOK_AFTER = 64;

    /// A filtered walk is abandoned when less than this share of what should have passed did.
    private static final double HOPELESS = 0.25;

    /// The most visits of a walk that ends by a limit, over its width.
    private static final double WIDENING = 1.65;

    /// The pool of such a walk where the visits may be more than [#MAX_VISITS], over its width: as
    /// large a pool, all of which was visited, finds as much.
    private static final double POOL_WIDENING = 1.5;

    /// Walks of more visits keep a pool in order: they know too many vertices to look at all.
    private static final int MAX_VISITS = 400;

    /// Of the squared distance of the last hit, the least margin, and what a width adds for each
    /// hit: so a width finds about as much as when all of as large a pool was visited, .96 at 50,
    /// .98 at 84, in .72 to .75 of the visits (100,000 x 384, 10 hits).
    private static final float LEAST_MARGIN = 0.05f;

    private static final float MARGIN_OF_WIDTH = 0.01f;

    /// Estimates of fewer dimensions err by too much for that margin: tests with 48 and 64 found
    /// .93 where .95 is asked for.
    private static final int LEAST_DIMS = 256;

    private final GraphMeta graph;
    private final HotBlocks blocks;
    private final Kernel kernel;
    private final Rotation rotation;
    private final Measure measure;
    private final ReentrantLock idleLock = new ReentrantLock();
    private final Deque<Walk> idle = new ArrayDeque<>();
    private final FilterPlanner planner;
    private final CodeTable codes;

    GraphSearch(GraphMeta graph, HotBlocks blocks, CodeTable codes, Kernel kernel) {
        this.graph = graph;
        this.blocks = blocks;
        this.codes = codes;
        this.planner = new FilterPlanner(graph.count(), graph.layout());
        this.kernel = kernel;
        this.rotation = new Rotation(graph.layout().width(), graph.seed());
        this.measure = graph.measure();
    }

    /// The blocks as they are now.
    Optional<Blocks> blocks() {
        return blocks.now();
    }

    boolean isHot() {
        return blocks.isHot();
    }

    /// What a search of the graph came to.
    ///
    /// @param done whether the search is over; else the documents not collected must be compared
    /// @param walked whether any vertex was visited
    /// @param collected documents that were collected, sorted
    record Outcome(boolean done, boolean walked, int[] collected) {}

    static final Outcome NOT_WALKED = new Outcome(false, false, new int[0]);

    private static final Outcome WALKED = new Outcome(true, true, new int[0]);

    /// Searches in the cheapest way, unless that is to compare the accepted documents one by one.
    ///
    /// @param values of the field, for the documents of the vertices
    /// @param accept documents to choose from, null for all
    Outcome search(
            float[] target,
            KnnCollector collector,
            FloatVectorValues values,
            @Nullable AcceptDocs accept)
            throws IOException {
        FusedStrategy strategy =
                FusedStrategy.of(collector.getSearchStrategy())
                        .orElseGet(() -> new FusedStrategy(MIN_WIDTH));
        int wanted = Math.max(strategy.width(), collector.k());
        int matching = accept == null ? graph.count() : accept.cost();
        FilterPlanner.Way way = planner.plan(matching, wanted, accept != null && !codes.isFull());
        Optional<Blocks> found = way == FilterPlanner.Way.COMPARE ? Optional.empty() : blocks.get();
        if (found.isEmpty()) {
            return NOT_WALKED;
        }
        Walk walk = borrow();
        boolean unit = graph.similarity() == VectorSimilarityFunction.COSINE;
        walk.query.set(target, unit ? FusedWriter.unitScale(target) : 1, rotation);
        Outcome outcome =
                accept == null
                        ? walk(walk, found.get(), collector, values, strategy, wanted)
                        : among(walk, found.get(), collector, values, strategy, accept, way);
        giveBack(walk);
        return outcome;
    }

    /// Walks without a filter.
    private Outcome walk(
            Walk walk,
            Blocks found,
            KnnCollector collector,
            FloatVectorValues values,
            FusedStrategy strategy,
            int wanted)
            throws IOException {
        float margin = margin(wanted, collector.k());
        Nearest nearest = new Nearest(graph, collector, margin);
        int without = strategy.withoutVertex(this);
        int visits = (int) (WIDENING * wanted);
        if (margin >= 0 && visits <= MAX_VISITS) {
            walk.run(found, measure, graph.entry(), visits, nearest, without);
        } else {
            int width = margin >= 0 ? (int) (POOL_WIDENING * wanted) : wanted;
            walk.run(found, measure, 0, graph.entry(), width, nearest, without);
        }
        nearest.collect(values);
        strategy.walked(nearest.visits(), false);
        return WALKED;
    }

    /// The share of the last hit's squared distance by which a walk looks beyond it; negative where
    /// there is none, as lengths differ or estimates are too coarse.
    private float margin(int wanted, int hits) {
        return graph.layout().dims() >= LEAST_DIMS
                        && graph.similarity() != VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT
                ? LEAST_MARGIN + MARGIN_OF_WIDTH * wanted / hits
                : -1;
    }

    /// Searches what a filter accepts.
    private Outcome among(
            Walk walk,
            Blocks found,
            KnnCollector collector,
            FloatVectorValues values,
            FusedStrategy strategy,
            AcceptDocs accept,
            FilterPlanner.Way way)
            throws IOException {
        int wanted = Math.max(strategy.width(), collector.k());
        int matching = accept.cost();
        Collecting collecting =
                new Collecting(
                        collector,
                        values,
                        values.getAcceptOrds(accept.bits()),
                        wanted,
                        planner.share(matching));
        boolean done = false;
        if (way == FilterPlanner.Way.WALK) {
            int without = strategy.withoutVertex(this);
            double widening = collecting.margin >= 0 ? WIDENING : 1;
            int width = (int) (widening * planner.poolWidth(matching, wanted));
            walk.run(found, measure, 0, graph.entry(), width, collecting, without);
            done = collecting.isEnough(matching, width);
            strategy.walked(collecting.visits, !done);
        }
        if (!done && !codes.isFull()) {
            done = scan(walk, found, accept, collecting, strategy, matching);
        }
        return new Outcome(done, way == FilterPlanner.Way.WALK, collecting.documents());
    }

    /// Looks at all that is accepted by its codes, if that is cheaper than by its vectors and all
    /// codes are there.
    private boolean scan(
            Walk walk,
            Blocks found,
            AcceptDocs accept,
            Collecting collecting,
            FusedStrategy strategy,
            int matching)
            throws IOException {
        int wanted = collecting.wanted;
        if (planner.withoutWalk(matching, wanted, true) != FilterPlanner.Way.CODES) {
            return false;
        }
        Optional<CodeTable.Codes> all = codes.get(found);
        if (all.isEmpty()) {
            return false;
        }
        int[] before = collecting.documents();
        int visited = collecting.visits;
        int compared =
                walk.scan.run(
                        all.get(),
                        measure.inner(),
                        walk.query,
                        Ordinals.of(accept.iterator(), collecting.values),
                        planner.mostCompared(wanted),
                        (vertex, least) -> {
                            if (score(least) < collecting.collector.minCompetitiveSimilarity()
                                    || collecting.isOver()) {
                                return false;
                            }
                            float distance =
                                    measure.distance(kernel, walk.query.vector, 0, found, vertex);
                            collecting.compared(vertex, distance, before);
                            return true;
                        });
        strategy.scanned(compared, collecting.visits - visited);
        return true;
    }

    private Walk borrow() {
        idleLock.lock();
        try {
            Walk walk = idle.pollLast();
            return walk == null ? new Walk(kernel, graph.layout().width()) : walk;
        } finally {
            idleLock.unlock();
        }
    }

    private void giveBack(Walk walk) {
        idleLock.lock();
        try {
            if (idle.size() < MAX_IDLE_WALKS) {
                idle.addLast(walk);
            }
        } finally {
            idleLock.unlock();
        }
    }

    /// Collects what the filter accepts.
    private final class Collecting implements Walk.Visitor {
        private final KnnCollector collector;
        private final FloatVectorValues values;
        private final Bits accepted;
        private final int wanted;

        /// Of the vertices, how many pass.
        private final double share;

        /// Of the squared distance of the last hit: how far beyond it to look; negative for no
        /// limit.
        private final float margin;

        /// The best distances, the worst on top: as many as are collected where there is a margin,
        /// else as are wanted.
        private final float[] best;

        private float limit = Float.POSITIVE_INFINITY;
        private boolean hopeless;

        private int[] documents = new int[64];
        private int count;
        private int visits;

        /// Whether the collector ended the walk.
        private boolean stopped;

        Collecting(
                KnnCollector collector,
                FloatVectorValues values,
                Bits accepted,
                int wanted,
                double share) {
            this.collector = collector;
            this.values = values;
            this.accepted = accepted;
            this.wanted = wanted;
            this.share = share;
            this.margin = margin(wanted, collector.k());
            this.best = new float[margin >= 0 ? collector.k() : wanted];
        }

        @Override
        public float limit() {
            return limit;
        }

        @Override
        public boolean visit(int vertex, float estimate, float distance) {
            if (collector.earlyTerminated()) {
                stopped = true;
                return false;
            }
            if (isEnd(estimate)) {
                return false;
            }
            visits++;
            collector.incVisitedCount(1);
            if (accepted.get(vertex)) {
                int document = values.ordToDoc(vertex);
                collector.collect(document, score(distance));
                keep(document);
                rank(distance);
            }
            return true;
        }

        /// Whether all that is wanted is found, or it shows that it will not be.
        private boolean isEnd(float estimate) {
            if (count >= wanted) {
                return margin < 0 && estimate > best[0];
            }
            hopeless = visits >= LOOK_AFTER && count < HOPELESS * visits * share;
            return hopeless;
        }

        /// Whether the walk is to be believed: it found a good part of what is wanted, or all that
        /// is left is thought to be beyond the limit.
        boolean isEnough(int matching, int width) {
            boolean limited = Float.isFinite(limit) && !hopeless && visits < width;
            return stopped || limited || count >= ENOUGH * Math.min(wanted, matching);
        }

        /// Whether the time of a scan is over and it has hits to show.
        boolean isOver() {
            return collector.earlyTerminated() && visits >= collector.k();
        }

        /// Takes a vertex of a scan, unless a walk took it before.
        void compared(int vertex, float distance, int[] before) {
            visits++;
            int document = values.ordToDoc(vertex);
            if (Arrays.binarySearch(before, document) < 0) {
                collector.collect(document, score(distance));
            }
        }

        private void keep(int document) {
            if (count == documents.length) {
                documents = Arrays.copyOf(documents, count * 2);
            }
            documents[count] = document;
        }

        private void rank(float distance) {
            if (count < best.length) {
                rise(count, distance);
            } else if (distance < best[0]) {
                sink(distance);
            }
            count++;
            if (margin >= 0 && count >= best.length) {
                limit = Measure.beyond(graph.similarity(), best[0], margin);
            }
        }

        private void rise(int from, float distance) {
            int at = from;
            while (at > 0 && best[(at - 1) / 2] < distance) {
                best[at] = best[(at - 1) / 2];
                at = (at - 1) / 2;
            }
            best[at] = distance;
        }

        private void sink(float distance) {
            int at = 0;
            for (int child = 1; child < best.length; child = 2 * at + 1) {
                if (child + 1 < best.length && best[child + 1] > best[child]) {
                    child++;
                }
                if (best[child] <= distance) {
                    break;
                }
                best[at] = best[child];
                at = child;
            }
            best[at] = distance;
        }

        private int[] documents() {
            int[] sorted = Arrays.copyOf(documents, count);
            Arrays.sort(sorted);
            return sorted;
        }
    }

    private float score(float distance) {
        return Measure.score(graph.similarity(), distance);
    }
}
