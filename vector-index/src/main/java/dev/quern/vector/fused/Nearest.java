package dev.quern.vector.fused;

import java.util.Arrays;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.search.KnnCollector;

/// The nearest of all vertices that a walk without a filter visits, by their exact distances. Ends
/// the walk where the next candidate is thought to be beyond the last of them by a margin. Belongs
/// to one search.
final class Nearest implements Walk.Visitor {
    /// Visits between two looks at whether the search is to end.
    private static final int LOOK_EVERY = 16;

    private final GraphMeta graph;
    private final KnnCollector collector;

    /// Of the squared distance of the last hit: how far beyond it to look; negative for no limit.
    private final float margin;

    /// Entries as in [WalkHits], of vertices: a heap with the farthest on top.
    private final long[] heap;

    private int size;
    private int visits;
    private float limit = Float.POSITIVE_INFINITY;

    Nearest(GraphMeta graph, KnnCollector collector, float margin) {
        this.graph = graph;
        this.collector = collector;
        this.margin = margin;
        this.heap = new long[Math.min(collector.k(), graph.count())];
    }

    @Override
    public boolean visit(int vertex, float estimate, float distance) {
        if (visits++ % LOOK_EVERY == 0 && collector.earlyTerminated()) {
            visits--;
            return false;
        }
        long entry = WalkHits.entry(vertex, distance);
        if (size < heap.length) {
            rise(entry);
        } else if (entry < heap[0]) {
            sink(entry);
        } else {
            return true;
        }
        if (size == heap.length && margin >= 0) {
            limit = Measure.beyond(graph.similarity(), WalkHits.distance(heap[0]), margin);
        }
        return true;
    }

    @Override
    public float limit() {
        return limit;
    }

    int visits() {
        return visits;
    }

    /// Gives the collector what was found.
    void collect(FloatVectorValues values) {
        collector.incVisitedCount(visits);
        long[] hits = Arrays.copyOf(heap, size);
        for (int i = 0; i < size; i++) {
            int vertex = (int) hits[i];
            hits[i] += values.ordToDoc(vertex) - vertex;
        }
        Arrays.sort(hits);
        if (collector instanceof WalkHits walked) {
            walked.take(graph.similarity(), hits);
            return;
        }
        for (long hit : hits) {
            collector.collect((int) hit, Measure.score(graph.similarity(), WalkHits.distance(hit)));
        }
    }

    private void rise(long entry) {
        int at = size++;
        while (at > 0 && heap[(at - 1) / 2] < entry) {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        heap[at] = entry;
    }

    private void sink(long entry) {
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= entry) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = entry;
    }
}
