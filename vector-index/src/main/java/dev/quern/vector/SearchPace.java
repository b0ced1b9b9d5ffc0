package dev.quern.vector;

/// Whether plain searches of a collection are quick, by how long the last one took. One that is
/// quick runs where it was asked for, see [CpuPool#callAtOnce]. Thread-safe.
final class SearchPace {
    /// Handing a search over and back takes 20 to 60 us; others that wait for the thread must not
    /// notice one that was not handed over.
    private static final long QUICK_NANOS = 500_000;

    private static final int MAX_WIDTH = 512;
    private static final int MAX_HITS = 100;

    /// Not before one was seen to be.
    private volatile boolean quick;

    /// Whether a search asks for so little that it takes as long as others of this kind, give or
    /// take: the few nearest by one vector.
    static boolean isPlain(SearchSpec spec) {
        SearchOptions options = spec.options();
        return spec.legs().size() == 1
                && spec.legs().getFirst() instanceof Leg.Dense dense
                && !dense.exact()
                && dense.width() <= MAX_WIDTH
                && options.filter().isEmpty()
                && options.limit() <= MAX_HITS
                && options.after().isEmpty();
    }

    /// Whether the next plain search is expected to be quick.
    boolean isQuick() {
        return quick;
    }

    /// Notes what a plain search took.
    void took(long nanos) {
        boolean now = nanos <= QUICK_NANOS;
        if (now != quick) {
            quick = now;
        }
    }
}
