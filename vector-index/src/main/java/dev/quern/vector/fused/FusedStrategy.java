package dev.quern.vector.fused;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.lucene.search.knn.KnnSearchStrategy;

/// Asks for a wider walk than the number of results: Lucene has one number for both. Formats that
/// do not know it take it for their default. One belongs to one search, of which it also tells how
/// many graphs it walked. Thread-safe.
public final class FusedStrategy extends KnnSearchStrategy {
    private final int width;
    private final AtomicInteger walks = new AtomicInteger();

    /// A strategy.
    ///
    /// @param width vertices to consider, 1 or more; the number of results where that is more
    public FusedStrategy(int width) {
        if (width < 1) {
            throw new IllegalArgumentException("width must be 1 or more, got " + width);
        }
        this.width = width;
    }

    public int width() {
        return width;
    }

    /// Graphs that were walked so far; where none is, vectors were compared one by one.
    public int walks() {
        return walks.get();
    }

    void walked() {
        walks.incrementAndGet();
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
