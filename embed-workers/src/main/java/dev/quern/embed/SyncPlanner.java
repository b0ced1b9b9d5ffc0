package dev.quern.embed;

import java.util.Optional;

/// Decides the next step from what an index holds to what it is to hold. A step changes either the
/// commit or the way files are chosen and cut, never both, so that one pass in path order over
/// either a diff or a listing does it. An interrupted step is always finished first.
final class SyncPlanner {
    private SyncPlanner() {}

    /// The next step; empty when the index holds `wanted`.
    static Optional<Step> next(SyncState state, IndexPoint wanted) {
        if (state.doing().isPresent()) {
            SyncState.Doing doing = state.doing().get();
            return Optional.of(new Step(state.done(), doing.target(), true, doing.after()));
        }
        if (state.done().isEmpty()) {
            return Optional.of(new Step(Optional.empty(), wanted, false, Optional.empty()));
        }
        IndexPoint held = state.done().get();
        if (held.equals(wanted)) {
            return Optional.empty();
        }
        boolean sameWay =
                held.glob().equals(wanted.glob()) && held.generation().equals(wanted.generation());
        IndexPoint target =
                sameWay
                        ? wanted
                        : new IndexPoint(held.commit(), wanted.glob(), wanted.generation());
        return Optional.of(new Step(state.done(), target, false, Optional.empty()));
    }

    /// One pass over files.
    ///
    /// @param from what the index holds; empty for nothing
    /// @param to what it is to hold
    /// @param resumed whether an earlier attempt may have changed rows
    /// @param after only paths after this one
    record Step(Optional<IndexPoint> from, IndexPoint to, boolean resumed, Optional<String> after) {
        /// Whether it passes over the differences of two commits rather than all files of one.
        boolean isDiff() {
            return from.isPresent() && !from.get().commit().equals(to.commit());
        }
    }
}
