package dev.quern.storage;

import java.time.Duration;

/// What frees the bytes of chunks that garbage collection removed from the index. Not thread-safe;
/// [Maintenance] runs one at a time.
interface Compaction {
    /// Checks that chunks may be removed at all.
    ///
    /// @param what for the message
    /// @throws dev.quern.common.QuernException `CONFLICT` if not
    default void requireAllowed(String what) {}

    /// Copies every pack that is worth it now.
    ///
    /// @param bytesPerSecond bound on reading; 0 for none
    CompactReport run(long bytesPerSecond);

    /// Hears that a garbage collection is over.
    ///
    /// @param grace of this collection
    default void collected(Duration grace) {}
}
