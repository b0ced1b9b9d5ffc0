package dev.quern.vector;

import java.util.concurrent.atomic.AtomicIntegerArray;

/// Whether plain searches of a collection are quick, by how long the last one took. One that is
/// quick runs where it was asked for, see [CpuPool#callAtOnce]. Those of a kind of which many took
/// even less, and hardly one more, are steady: they may keep an event loop. Thread-safe.
final class SearchPace {
    /// Handing a search over and back takes 20 to 60 us; others that wait for the thread must not
    /// notice one that was not handed over.
    private static final long QUICK_NANOS = 500_000;

    private static final int MAX_WIDTH = 512;
    private static final int MAX_HITS = 100;

    /// What others on an event loop do not notice.
    private static final long STEADY_NANOS = 200_000;

    /// Searches of a kind that make up for a slow one, and of which as many more are seen before it
    /// is steady again.
    private static final int STEADY = 32;

    /// By limit, then by the power of two of the width: within a kind one search does not take much
    /// longer than another.
    private static final int WIDTHS = Integer.SIZE - Integer.numberOfLeadingZeros(MAX_WIDTH) + 1;

    private static final int FEW_HITS = 10;

    /// Not before one was seen to be.
    private volatile boolean quick;

    /// By kind: quick searches in a row, as it were; at most twice [#STEADY].
    private final AtomicIntegerArray runs = new AtomicIntegerArray(2 * WIDTHS);

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

    /// Whether a search is plain, and of a kind that can be relied on to be quick.
    boolean isSteady(SearchSpec spec) {
        return isPlain(spec) && runs.get(kind(spec)) >= STEADY;
    }

    /// Notes what a plain search took.
    void took(SearchSpec spec, long nanos) {
        took(nanos);
        int kind = kind(spec);
        int run = runs.get(kind);
        int now = nanos <= STEADY_NANOS ? Math.min(2 * STEADY, run + 1) : Math.max(0, run - STEADY);
        if (now != run) {
            // Of two at the same time one may be lost, which is but a guess the less.
            runs.set(kind, now);
        }
    }

    private static int kind(SearchSpec spec) {
        int width = spec.legs().getFirst() instanceof Leg.Dense dense ? dense.width() : 0;
        int power = Integer.SIZE - Integer.numberOfLeadingZeros(width);
        return spec.options().limit() <= FEW_HITS ? power : WIDTHS + power;
    }

    /// Notes what a plain search took.
    private void took(long nanos) {
        boolean now = nanos <= QUICK_NANOS;
        if (now != quick) {
            quick = now;
        }
    }
}
