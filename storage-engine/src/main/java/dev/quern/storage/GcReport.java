package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a garbage collection did; or would have done, for a dry run.
///
/// @param dryRun whether nothing was changed
/// @param spaces one for each space that has chunks, in name order
public record GcReport(boolean dryRun, List<Space> spaces) {
    static final int MAX_GARBAGE = 1000;

    /// Copies the list.
    public GcReport {
        spaces = List.copyOf(spaces);
    }

    /// Chunks and the bytes that they take in packs.
    public record Count(long chunks, long bytes) {
        static final Count NONE = new Count(0, 0);

        Count plus(Count other) {
            return new Count(chunks + other.chunks, bytes + other.bytes);
        }
    }

    /// One space.
    ///
    /// @param live chunks that are needed
    /// @param condemned chunks that nothing leads to, and that wait for the end of the grace
    /// @param removed chunks removed from the index; compaction frees their bytes
    /// @param garbage of a dry run, the first 1,000 chunks that nothing leads to
    /// @param problem why nothing of this space was looked at or removed, if so
    public record Space(
            SpaceId space,
            Count live,
            Count condemned,
            Count removed,
            List<Garbage> garbage,
            Optional<String> problem) {
        /// Copies the list.
        public Space {
            garbage = List.copyOf(garbage);
        }
    }

    /// A chunk that nothing leads to.
    ///
    /// @param condemnedAt when a run first found so; empty if none has
    /// @param reason why it is, or is not, removed
    public record Garbage(ChunkId id, long bytes, Optional<Instant> condemnedAt, String reason) {}

    /// Of all spaces.
    public Count removed() {
        return spaces.stream().map(Space::removed).reduce(Count.NONE, Count::plus);
    }
}
