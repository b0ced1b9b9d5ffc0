package dev.quern.vector.fused;

import org.apache.lucene.search.knn.KnnSearchStrategy;

/// Asks for a wider walk than the number of results: Lucene has one number for both. Formats that
/// do not know it take it for their default.
public final class FusedStrategy extends KnnSearchStrategy {
    private final int width;

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
