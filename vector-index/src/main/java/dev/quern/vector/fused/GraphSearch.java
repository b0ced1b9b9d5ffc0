package dev.quern.vector.fused;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.VectorUtil;
import org.jspecify.annotations.Nullable;

/// Searches of one field's graph. Thread-safe.
///
/// A vertex that the filter rejects, or that is deleted, is walked through but not collected. So
/// that as many are collected as without a filter, the pool is wider by one over the share that
/// passes, and a walk stops early when the next candidate is beyond all of the best it looked for.
final class GraphSearch {
    /// The narrowest pool of a walk.
    private static final int MIN_WIDTH = 16;

    private static final int MAX_WIDTH = 1 << 16;

    /// Walks that are kept for reuse.
    private static final int MAX_IDLE_WALKS = 64;

    /// A visit costs about as much as comparing so many vectors one by one. On a busy machine 1.2
    /// to 1.9 us against 0.1 us at 384 dims, with the accepted vectors one after the other;
    /// scattered ones cost more.
    private static final double VISIT_COST = 10;

    /// Of the candidates that a filtered walk hopes for, the share it must find to be believed.
    private static final double ENOUGH = 0.5;

    private final GraphMeta graph;
    private final HotBlocks blocks;
    private final Kernel kernel;
    private final Rotation rotation;
    private final Measure measure;
    private final ReentrantLock idleLock = new ReentrantLock();
    private final Deque<Walk> idle = new ArrayDeque<>();

    GraphSearch(GraphMeta graph, HotBlocks blocks, Kernel kernel) {
        this.graph = graph;
        this.blocks = blocks;
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

    /// What a walk came to.
    ///
    /// @param done whether the search is over; else the documents not collected must be compared
    /// @param walked whether any vertex was visited
    /// @param collected documents that were collected, sorted
    record Outcome(boolean done, boolean walked, int[] collected) {}

    static final Outcome NOT_WALKED = new Outcome(false, false, new int[0]);

    /// Walks, unless comparing the accepted documents one by one is cheaper.
    ///
    /// @param values of the field, for the documents of the vertices
    /// @param accepted documents to choose from, null for all
    /// @param matching number of these, about
    Outcome search(
            float[] target,
            KnnCollector collector,
            FloatVectorValues values,
            @Nullable Bits accepted,
            int matching)
            throws IOException {
        Optional<FusedStrategy> strategy = FusedStrategy.of(collector.getSearchStrategy());
        int wanted = Math.max(strategy.map(FusedStrategy::width).orElse(MIN_WIDTH), collector.k());
        double share = accepted == null ? 1 : Math.min(1, (double) matching / graph.count());
        double width = Math.ceil(wanted / share);
        if (width * VISIT_COST >= matching || width > MAX_WIDTH) {
            return NOT_WALKED;
        }
        Optional<Blocks> found = blocks.get();
        if (found.isEmpty()) {
            return NOT_WALKED;
        }
        strategy.ifPresent(FusedStrategy::walked);
        Walk walk = borrow();
        Collecting collecting =
                new Collecting(collector, values, values.getAcceptOrds(accepted), wanted);
        boolean unit = graph.similarity() == VectorSimilarityFunction.COSINE;
        walk.query.set(target, unit ? FusedWriter.unitScale(target) : 1, rotation);
        walk.run(found.get(), measure, 0, graph.entry(), (int) width, collecting);
        giveBack(walk);
        boolean enough =
                accepted == null || collecting.count >= ENOUGH * Math.min(wanted, matching);
        return new Outcome(enough || collecting.stopped, true, collecting.documents());
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

        /// The best distances under a filter, the worst on top.
        private final float[] best;

        private int[] documents = new int[64];
        private int count;

        /// Whether the collector ended the walk.
        private boolean stopped;

        Collecting(
                KnnCollector collector,
                FloatVectorValues values,
                @Nullable Bits accepted,
                int wanted) {
            this.collector = collector;
            this.values = values;
            this.accepted = accepted;
            this.wanted = wanted;
            this.best = accepted == null ? new float[0] : new float[wanted];
        }

        @Override
        public boolean visit(int vertex, float estimate, float distance) {
            if (collector.earlyTerminated()) {
                stopped = true;
                return false;
            }
            if (accepted != null && count >= wanted && estimate > best[0]) {
                return false;
            }
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
            case EUCLIDEAN -> 1 / (1 + distance);
            case DOT_PRODUCT, COSINE -> Math.max((1 - distance) / 2, 0);
            case MAXIMUM_INNER_PRODUCT -> VectorUtil.scaleMaxInnerProductScore(-distance);
        };
    }
}
