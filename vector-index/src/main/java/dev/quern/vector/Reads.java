package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.SnapshotFormat.Kept;
import java.util.Optional;
import java.util.function.Function;

/// Runs what reads a collection or a snapshot. Thread-safe.
final class Reads {
    /// A read that finds its collection rolled back so often gives up.
    private static final int MAX_TRIES = 100;

    private final Catalog catalog;
    private final Snapshots snapshots;
    private final OpenCollections open;
    private final OpenSnapshots kept;
    private final CpuPool searching;

    /// @param searching runs the readings
    Reads(
            Catalog catalog,
            Snapshots snapshots,
            OpenCollections open,
            OpenSnapshots kept,
            CpuPool searching) {
        this.catalog = catalog;
        this.snapshots = snapshots;
        this.open = open;
        this.kept = kept;
        this.searching = searching;
    }

    /// Where rows are to be read.
    ///
    /// @param kept empty: in the live collection
    record Place(Definition definition, Optional<Kept> kept) {
        static Place live(Definition definition) {
            return new Place(definition, Optional.empty());
        }
    }

    /// @throws QuernException `NOT_FOUND`
    Place place(SpaceId space, CollectionRef ref) {
        Definition definition = catalog.get(space, ref.name());
        return new Place(definition, ref.at().map(at -> snapshots.get(definition, at)));
    }

    @MustBeClosed
    private ReadLease acquire(Place place) {
        return place.kept().isPresent()
                ? kept.acquire(place.definition(), place.kept().get())
                : open.acquire(place.definition());
    }

    /// Runs a reading action; if the index turns out damaged, once more on a rebuilt one; if it was
    /// replaced, on the other.
    <T> T run(Place place, Function<ReadableCollection, T> action) {
        int damaged = 0;
        for (int tries = 1; ; tries++) {
            try (ReadLease lease = acquire(place)) {
                try {
                    return run(lease.live(), action);
                } catch (QuernException e) {
                    damaged += lease.live().isReplaced() ? 0 : 1;
                    if (e.kind() != ErrorKind.UNAVAILABLE
                            || !lease.live().isFailed()
                            || damaged > 1
                            || tries == MAX_TRIES) {
                        throw e;
                    }
                }
            }
        }
    }

    /// On the caller's thread only what opens no file: an interrupt would close it under Lucene.
    private <T> T run(ReadableCollection live, Function<ReadableCollection, T> action) {
        return live.isShown()
                ? searching.callHere(() -> action.apply(live))
                : searching.call(() -> action.apply(live));
    }
}
