package dev.quern.vector.fused;

/// Decides how the vectors of one segment that match are searched, by what each way is estimated to
/// cost on the rows at hand. Pure.
///
/// The costs are nanoseconds of one thread, fitted to measurements at 384 dims on a machine with
/// 512-bit vectors; only their ratios matter (docs/decisions/0006-filter-planner.md has them).
///
/// @param count vectors of the segment
/// @param layout of its blocks
record FilterPlanner(int count, BlockLayout layout) {
    /// The widest pool of a walk.
    static final int MAX_WIDTH = 1 << 16;

    /// A visit: a block is read, mostly from memory; its exact distance, 32 estimates, the pool.
    private static final double VISIT_NANOS = 150;

    private static final double VISIT_NANOS_PER_BYTE = 0.25;

    /// A comparison with a vector that lies anywhere.
    private static final double COMPARE_NANOS = 30;

    private static final double COMPARE_NANOS_PER_BYTE = 0.1;

    /// A one-bit code.
    private static final double CODE_NANOS = 10;

    private static final double CODE_NANOS_PER_BYTE = 0.15;

    /// From so many dimensions on, what is wanted is among as many nearest by code.
    private static final int PRECISE_WIDTH = 1_024;

    /// How all that matches is searched.
    enum Way {
        /// Each vector is compared.
        COMPARE,
        /// Their codes are compared, and the vectors of the nearest by code.
        CODES,
        /// The graph is walked, through vertices that do not match, too.
        WALK
    }

    /// The cheapest way.
    ///
    /// @param matching vectors that match, about
    /// @param wanted candidates to consider
    /// @param codes whether there are codes, or could be
    Way plan(int matching, int wanted, boolean codes) {
        Way still = withoutWalk(matching, wanted, codes);
        double other = still == Way.CODES ? codeNanos(matching, wanted) : compareNanos(matching);
        return poolWidth(matching, wanted) <= MAX_WIDTH && walkNanos(matching, wanted) < other
                ? Way.WALK
                : still;
    }

    /// The cheapest way that looks at everything that matches, for a walk that found too little.
    Way withoutWalk(int matching, int wanted, boolean codes) {
        return codes && codeNanos(matching, wanted) < compareNanos(matching)
                ? Way.CODES
                : Way.COMPARE;
    }

    /// Vectors that a scan of the codes compares at most; it ends before where estimates tell that
    /// it can. The fewer the dimensions, the more they err.
    int mostCompared(int wanted) {
        return wanted * Math.max(1, (PRECISE_WIDTH + layout.width() - 1) / layout.width());
    }

    /// The width of a pool in which as many match as are wanted, if they are spread evenly.
    double poolWidth(int matching, int wanted) {
        return Math.ceil(wanted / share(matching));
    }

    /// The share of the vectors that match.
    double share(int matching) {
        return Math.clamp((double) matching / count, 1e-9, 1);
    }

    private double walkNanos(int matching, int wanted) {
        return poolWidth(matching, wanted) * (VISIT_NANOS + VISIT_NANOS_PER_BYTE * layout.bytes());
    }

    private double codeNanos(int matching, int wanted) {
        double each = CODE_NANOS + CODE_NANOS_PER_BYTE * CodeTable.rowBytes(layout.width());
        return matching * each + compareNanos(Math.min(matching, wanted));
    }

    private double compareNanos(int matching) {
        double bytes = (double) layout.width() * Float.BYTES;
        return matching * (COMPARE_NANOS + COMPARE_NANOS_PER_BYTE * bytes);
    }
}
