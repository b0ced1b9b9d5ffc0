package dev.quern.vector.fused;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.search.knn.KnnSearchStrategy;
import org.jspecify.annotations.Nullable;

/// Asks for a wider walk than the number of results: Lucene has one number for both. Formats that
/// do not know it take it for their default. One belongs to one search, of which it also tells what
/// it did. Thread-safe.
public final class FusedStrategy extends KnnSearchStrategy {
    private final int width;
    private final @Nullable HeldOut heldOut;
    private final AtomicInteger walks = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final AtomicInteger scans = new AtomicInteger();
    private final AtomicInteger comparisons = new AtomicInteger();
    private final AtomicLong visited = new AtomicLong();
    private final AtomicLong coded = new AtomicLong();
    private final AtomicLong compared = new AtomicLong();

    /// A strategy.
    ///
    /// @param width vertices to consider, 1 or more; the number of results where that is more
    public FusedStrategy(int width) {
        this(width, Optional.empty());
    }

    /// A strategy whose walks go without a vertex.
    ///
    /// @param width vertices to consider, 1 or more; the number of results where that is more
    public FusedStrategy(int width, Optional<HeldOut> heldOut) {
        if (width < 1) {
            throw new IllegalArgumentException("width must be 1 or more, got " + width);
        }
        this.width = width;
        this.heldOut = heldOut.orElse(null);
    }

    public int width() {
        return width;
    }

    /// Graphs that were walked so far; where none is, vectors were compared one by one.
    public int walks() {
        return walks.get();
    }

    /// Walks that found too little, so that all that matches was looked at.
    public int abandoned() {
        return abandoned.get();
    }

    /// Segments in which the one-bit codes of all that matches were compared.
    public int scans() {
        return scans.get();
    }

    /// Segments in which the vectors of all that matches were compared.
    public int comparisons() {
        return comparisons.get();
    }

    /// Vertices that walks visited.
    public long visited() {
        return visited.get();
    }

    /// Codes that were compared.
    public long coded() {
        return coded.get();
    }

    /// Vectors that were compared outside of walks.
    public long compared() {
        return compared.get();
    }

    /// The vertex of a graph that its walk goes without, or [Walk#NO_VERTEX].
    int withoutVertex(GraphSearch graph) {
        return heldOut == null ? Walk.NO_VERTEX : heldOut.in(graph);
    }

    void walked(int visits, boolean inVain) {
        walks.incrementAndGet();
        visited.addAndGet(visits);
        if (inVain) {
            abandoned.incrementAndGet();
        }
    }

    void scanned(int codes, int vectors) {
        scans.incrementAndGet();
        coded.addAndGet(codes);
        compared.addAndGet(vectors);
    }

    /// Notes that all vectors that match were compared in a segment.
    public void comparedAll(long vectors) {
        comparisons.incrementAndGet();
        compared.addAndGet(vectors);
    }

    /// What a search was asked with: this is wrapped when Lucene looks at a segment once more.
    static Optional<FusedStrategy> of(KnnSearchStrategy asked) {
        KnnSearchStrategy own =
                asked instanceof KnnSearchStrategy.Seeded seeded
                        ? seeded.originalStrategy()
                        : asked;
        return own instanceof FusedStrategy strategy ? Optional.of(strategy) : Optional.empty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FusedStrategy strategy && strategy.width == width;
    }

    @Override
    public int hashCode() {
        return width;
    }

    @Override
    public void nextVectorsBlock() {}
}
