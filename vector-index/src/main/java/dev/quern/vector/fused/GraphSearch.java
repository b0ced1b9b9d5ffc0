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
import org.apache.lucene.util.VectorUtil;
import org.jspecify.annotations.Nullable;

/// Searches of one field's graph. Thread-safe.
///
/// A vertex that the filter rejects, or that is deleted, is walked through but not collected. So
/// that as many are collected as without a filter, the pool is wider by one over the share that
/// passes, and a walk stops early when the next candidate is beyond all of the best it looked for.
/// It is abandoned when far fewer of the vertices near the query pass than of all; then, and where
/// [FilterPlanner] finds it cheaper at once, all that passes is looked at: by its codes
/// ([CodeTable]) or one vector after the other.
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
        Collecting collecting =
                new Collecting(
                        collector,
                        values,
                        accept == null ? null : values.getAcceptOrds(accept.bits()),
                        wanted,
                        planner.share(matching));
        boolean done = false;
        if (way == FilterPlanner.Way.WALK) {
            int width = (int) planner.poolWidth(matching, wanted);
            int without = strategy.withoutVertex(this);
            walk.run(found.get(), measure, 0, graph.entry(), width, collecting, without);
            done = accept == null || collecting.isEnough(matching);
            strategy.walked(collecting.visits, !done);
        }
        if (!done && accept != null && !codes.isFull()) {
            done = scan(walk, found.get(), accept, collecting, strategy, matching);
        }
        Outcome outcome = new Outcome(done, way == FilterPlanner.Way.WALK, collecting.documents());
        giveBack(walk);
        return outcome;
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
        private final @Nullable Bits accepted;
        private final int wanted;

        /// Of the vertices, how many pass.
        private final double share;

        /// The best distances under a filter, the worst on top.
        private final float[] best;

        private int[] documents = new int[64];
        private int count;
        private int visits;

        /// Whether the collector ended the walk.
        private boolean stopped;

        Collecting(
                KnnCollector collector,
                FloatVectorValues values,
                @Nullable Bits accepted,
                int wanted,
                double share) {
            this.collector = collector;
            this.values = values;
            this.accepted = accepted;
            this.wanted = wanted;
            this.share = share;
            this.best = accepted == null ? new float[0] : new float[wanted];
        }

        @Override
        public boolean visit(int vertex, float estimate, float distance) {
            if (collector.earlyTerminated()) {
                stopped = true;
                return false;
            }
            if (accepted != null && isEnd(estimate)) {
                return false;
            }
            visits++;
            collector.incVisitedCount(1);
            if (accepted == null || accepted.get(vertex)) {
                int document = values.ordToDoc(vertex);
                collector.collect(document, score(distance));
                if (accepted != null) {
                    keep(document, distance);
                }
            }
            return true;
        }

        /// Whether all that is wanted is found, or it shows that it will not be.
        private boolean isEnd(float estimate) {
            return count >= wanted
                    ? estimate > best[0]
                    : visits >= LOOK_AFTER && count < HOPELESS * visits * share;
        }

        boolean isEnough(int matching) {
            return stopped || count >= ENOUGH * Math.min(wanted, matching);
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

        private void keep(int document, float distance) {
            if (count == documents.length) {
                documents = Arrays.copyOf(documents, count * 2);
            }
            documents[count] = document;
            if (count < wanted) {
                rise(count, distance);
            } else if (distance < best[0]) {
                sink(distance);
            }
            count++;
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
            for (int child = 1; child < wanted; child = 2 * at + 1) {
                if (child + 1 < wanted && best[child + 1] > best[child]) {
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
            int[] sorted = Arrays.copyOf(documents, accepted == null ? 0 : count);
            Arrays.sort(sorted);
            return sorted;
        }
    }

    private float score(float distance) {
        return switch (graph.similarity()) {
            case EUCLIDEAN -> 1 / (1 + Math.max(distance, 0));
            case DOT_PRODUCT, COSINE -> Math.max((1 - distance) / 2, 0);
            case MAXIMUM_INNER_PRODUCT -> VectorUtil.scaleMaxInnerProductScore(-distance);
        };
    }
}
