package dev.quern.vector;

import dev.quern.vector.SearchOutcome.Width;
import dev.quern.vector.SearchOutcome.WidthSource;
import java.util.Optional;

/// Decides how wide the walks of a dense leg are. Pure.
///
/// @param asked by the request; 0 if it leaves that open
/// @param tuned of the field
/// @param rows of the collection
/// @param dims of the field
record LegWidth(int asked, Optional<TunedWidth> tuned, long rows, int dims) {
    /// One-bit codes of fewer dimensions err by more, so that walks lead astray more often: they
    /// are [#COARSE] times as wide by default.
    private static final int FINE_DIMS = 256;

    private static final int COARSE = 2;

    /// The width of walks of fused graphs. Under a filter a tuned width that is narrower than the
    /// default does not count: it was measured without.
    ///
    /// @param depth hits that the leg is to find
    Width of(int depth, boolean filtered) {
        int byDefault = TunedWidth.byDefault(depth) * (dims < FINE_DIMS ? COARSE : 1);
        if (asked > 0) {
            return new Width(Math.max(asked, depth), WidthSource.REQUEST);
        }
        if (tuned.isEmpty() || !tuned.get().counts(rows)) {
            return new Width(byDefault, WidthSource.DEFAULT);
        }
        int width = tuned.get().at(depth);
        return filtered && width < byDefault
                ? new Width(byDefault, WidthSource.DEFAULT)
                : new Width(width, WidthSource.TUNED);
    }

    /// The number of candidates of Lucene's graphs: as many as their codes need at least.
    Width of(int depth, VectorKeeping kept) {
        int least = kept.candidates(depth);
        Width wanted = of(depth, false);
        return wanted.source() != WidthSource.DEFAULT && wanted.width() > least
                ? wanted
                : new Width(least, WidthSource.DEFAULT);
    }
}
