package dev.quern.storage;

import java.time.Duration;

/// What frees the bytes of chunks that garbage collection removed from the index. Not thread-safe;
/// [Operations] runs one at a time.
interface Compaction {
    /// Checks that chunks may be removed at all.
    ///
    /// @param what for the message
    /// @throws dev.quern.common.QuernException `CONFLICT` if not
    default void requireAllowed(String what) {}

    /// Copies every pack that is worth it now.
    ///
    /// @param bytesPerSecond bound on reading; 0 for none
    /// @param operation has no phase when there is no such pack
    /// @throws dev.quern.common.QuernException `CONFLICT` if the operation is cancelled: what was
    ///   done until then stays done
    CompactReport run(long bytesPerSecond, Operation operation);

    /// Hears that a garbage collection is over.
    ///
    /// @param grace of this collection
    default void collected(Duration grace) {}
}
