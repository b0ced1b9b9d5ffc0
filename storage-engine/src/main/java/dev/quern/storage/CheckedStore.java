package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import java.util.List;
import java.util.Optional;

/// A store of chunks as [Fsck] reads it and [Repair] mends it. Not thread-safe.
interface CheckedStore {
    /// The store.
    KeyedChunks chunks();

    /// Whether it has a chunk; unlike [ChunkStore#contains] nobody relies on it.
    boolean has(SpaceId space, ChunkId id);

    /// Reads what the index names in every pack that nothing is appended to.
    void readPacks(PackCheck check);

    /// Reads a chunk where it is stored and compares it with its name. One that does not match is
    /// quarantined.
    ///
    /// @param entry what the index said of it a moment ago
    /// @throws QuernException `CORRUPT` saying what is wrong and where; `NOT_FOUND` if it is gone
    void verify(SpaceId space, Entry entry);

    /// What is wrong with packs of which it cannot be told what they hold: the last that
    /// [#readPacks] found.
    default List<String> unreadable() {
        return List.of();
    }

    /// Whether it is of no use to go on after this failure to read a chunk.
    default boolean givesUpAfter(QuernException failure) {
        return false;
    }

    /// The bytes of a chunk that a check found damaged, if the store has them all the same; they
    /// need not be right.
    default Optional<byte[]> salvage(SpaceId space, ChunkId id) {
        return Optional.empty();
    }

    /// Takes what [#readPacks] reads. Each method throws `CONFLICT` if the operation is cancelled.
    interface PackCheck {
        /// Hears how much there is to read, before the first pack.
        void begin(long bytes);

        /// Counts a record.
        ///
        /// @return whether the index names it: then it is to be verified
        boolean isNamed(long pack, PackRecord record);

        /// Verifies a record that the index names.
        ///
        /// @param verification as [CheckedStore#verify]
        void verify(PackRecord record, Runnable verification);

        /// Counts a pack that was read.
        void read();

        /// Notes what could not be checked.
        void problem(String text);

        /// Checks that the run may go on.
        void requireGoingOn();
    }
}
