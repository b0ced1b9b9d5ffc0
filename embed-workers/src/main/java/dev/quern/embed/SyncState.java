package dev.quern.embed;

import java.util.Optional;

/// How far an index is in step with a volume: the fact that makes a sync incremental and lets an
/// interrupted one go on.
///
/// While `doing` is there, rows of the files up to `doing.after` (in path order, inclusive) are as
/// `doing.target` says, those of later files as `done` says, but that of the next few files, which
/// were in work, rows may be missing or already new. So whoever goes on treats every file after
/// `after` as one that may have rows.
///
/// @param volume the volume's name, in the rows' `volume` attribute
/// @param done what the index held when the last step ended; empty before the first
/// @param doing the step under way
record SyncState(String volume, Optional<IndexPoint> done, Optional<Doing> doing) {
    static SyncState initial(String volume) {
        return new SyncState(volume, Optional.empty(), Optional.empty());
    }

    SyncState started(IndexPoint target) {
        return new SyncState(volume, done, Optional.of(new Doing(target, Optional.empty())));
    }

    SyncState reached(IndexPoint target, String path) {
        return new SyncState(volume, done, Optional.of(new Doing(target, Optional.of(path))));
    }

    SyncState ended(IndexPoint target) {
        return new SyncState(volume, Optional.of(target), Optional.empty());
    }

    /// A step under way.
    ///
    /// @param target what the index is to hold
    /// @param after the last path whose rows are known to be so
    record Doing(IndexPoint target, Optional<String> after) {}
}
