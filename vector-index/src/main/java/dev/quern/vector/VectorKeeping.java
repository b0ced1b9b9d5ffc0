package dev.quern.vector;

import dev.quern.vector.fused.FusedConfig;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How the vectors of one field of a segment are kept for searches. All keep the 32-bit floats on
/// disk, by which the best are ranked at last; what differs is what a search walks, which should
/// lie in memory:
///
/// | | bytes a vector that a search walks | found by | candidates ranked by the floats |
/// |---|---|---|---|
/// | `fused` | 8 dims + 384, with dims rounded up to 64; the floats in a segment without a graph | a fused graph, or one by one | all that it visits |
/// | `int8` | dims + 116 | Lucene's HNSW | 150 or more |
/// | `int4` | dims / 2 + 116 | Lucene's HNSW | 200 or more |
/// | `bit` | dims / 8 + 116 | Lucene's HNSW | 400 or more |
enum VectorKeeping {
    FUSED(32, 150, 1),
    INT8(8, 150, 1),
    INT4(4, 200, 2),
    BIT(1, 400, 4);

    /// A vector's corrections and its edges, about.
    private static final int OVERHEAD_BYTES = 116;

    /// One bit a dimension is too little to tell near from far by, with fewer of them.
    private static final int MIN_BIT_DIMS = 256;

    private final int bits;
    private final int minCandidates;
    private final int oversampling;

    VectorKeeping(int bits, int minCandidates, int oversampling) {
        this.bits = bits;
        this.minCandidates = minCandidates;
        this.oversampling = oversampling;
    }

    /// Chooses for a merged segment: the fused graph while it is within its bounds; else the most
    /// exact codes that a search can walk in as much memory, `int4` or `bit` (from 256 dims) where
    /// none can. A bound of 0 means no fused graphs, and says nothing of codes: `int8`. Pure.
    static VectorKeeping choose(int rows, int dims, FusedConfig config) {
        if (rows < config.minVectors() || config.holds(rows, dims)) {
            return FUSED;
        }
        long bound = config.maxGraphBytes();
        if (bound == 0 || INT8.bytes(rows, dims) <= bound) {
            return INT8;
        }
        return INT4.bytes(rows, dims) <= bound || dims < MIN_BIT_DIMS ? INT4 : BIT;
    }

    private long bytes(long rows, int dims) {
        return rows * ((long) dims * bits / Byte.SIZE + OVERHEAD_BYTES);
    }

    /// Candidates to ask Lucene's graph for, of which the best are ranked by their floats. For
    /// queries that lie among the rows 50 find all of the ten nearest; for queries far from every
    /// cluster of rows 100 find .92 to .95 of them, 150 find .97 to .98, 200 find .98 to .99
    /// (16,000 rows of 32 dims in 200 clusters, graph over floats). On 100,000 rows of 384 dims, 1
    /// bit needs about half as many more as floats for the same recall.
    int candidates(int depth) {
        return Math.max(depth * oversampling, minCandidates);
    }

    /// Its name in stats and in the field's attribute.
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The one of this name.
    static Optional<VectorKeeping> find(@Nullable String text) {
        return Arrays.stream(values()).filter(each -> each.text().equals(text)).findFirst();
    }
}
