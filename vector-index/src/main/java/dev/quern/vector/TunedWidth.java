package dev.quern.vector;

import dev.quern.common.QuernException;
import java.time.Instant;
import java.util.Optional;

/// The width of walks that a vector field's searches take unless they say another: found by
/// [CollectionTuning#tune], or set by hand. Part of the schema, so that branches, snapshots and
/// rollbacks have it.
///
/// @param width vertices that a walk considers, 1 to [#MAX]
/// @param measured what was found with it; empty when it was set by hand
public record TunedWidth(int width, Optional<Measured> measured) {
    /// The greatest width.
    public static final int MAX = 1 << 16;

    /// Where nothing else says: at least this. On 100,000 real rows of 384 dims 50 find .95 of the
    /// ten nearest, 120 find .982 to .985 of them, in 20,000 such rows .99.
    static final int DEFAULT = 120;

    /// The number of hits that widths set by hand are thought for.
    private static final int USUAL_K = 10;

    /// A width that is narrower than the default was found good for so many times the rows.
    private static final int GROWTH = 2;

    /// What a width found when it was chosen.
    ///
    /// @param target recall that was asked for
    /// @param k hits of which it is the share
    /// @param recall that was measured, the mean over the queries
    /// @param queries that were compared
    /// @param rows of the collection then
    /// @param at when
    public record Measured(
            double target, int k, double recall, int queries, long rows, Instant at) {}

    /// Checks the width.
    public TunedWidth {
        Search.requireBetween("width", width, 1, MAX);
        measured.ifPresent(TunedWidth::check);
    }

    private static void check(Measured measured) {
        Search.requireBetween("k", measured.k(), 1, Search.MAX_LIMIT);
        Search.requireBetween("queries", measured.queries(), 0, Integer.MAX_VALUE);
        Search.requireBetween("rows", measured.rows(), 0, Long.MAX_VALUE);
        requireShare("target", measured.target());
        if (!(measured.recall() >= 0 && measured.recall() <= 1)) {
            throw QuernException.invalid("recall must be 0 to 1, got " + measured.recall());
        }
    }

    static void requireShare(String what, double value) {
        if (!(value > 0 && value <= 1)) {
            throw QuernException.invalid(
                    what + " must be above 0 and at most 1, such as 0.95, got " + value);
        }
    }

    /// Set by hand.
    public static TunedWidth byHand(int width) {
        return new TunedWidth(width, Optional.empty());
    }

    /// The width of a search that says none, where there is nothing tuned.
    ///
    /// @param depth hits that the leg is to find
    static int byDefault(int depth) {
        return Math.max(DEFAULT, depth + depth / 2);
    }

    /// The width of a search that says none. One that looks for more hits than it was tuned for
    /// takes the default for these, as much wider as the tuned one is than the default for those.
    ///
    /// @param depth hits that the leg is to find
    int at(int depth) {
        int k = measured.map(Measured::k).orElse(USUAL_K);
        if (depth <= k) {
            return Math.max(width, depth);
        }
        double wider = Math.max(1, width / (double) byDefault(k));
        int least = wider > 1 ? byDefault(depth) : depth + depth / 2;
        return (int) Math.min(MAX, Math.max(width, Math.ceil(least * wider)));
    }

    /// Whether it still counts in a collection of so many rows: more rows want a wider walk, so one
    /// that is narrower than the default does not when they have doubled.
    boolean counts(long rows) {
        return width >= DEFAULT
                || measured.isEmpty()
                || rows <= GROWTH * Math.max(1, measured.get().rows());
    }
}
