package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Why a chunk of one space is kept, or not.
///
/// @param stored whether the space has it
/// @param quarantined whether its bytes were found damaged
/// @param pinned whether somebody keeps it who has not named it in a fact
/// @param condemnedAt when a garbage collection first found that nothing leads to it; empty if none
///   has, or it was touched since
/// @param uses what needs it, the first 100; empty for garbage
public record ChunkFate(
        SpaceId space,
        boolean stored,
        boolean quarantined,
        boolean pinned,
        Optional<Instant> condemnedAt,
        List<String> uses) {
    static final int MAX_USES = 100;

    /// Copies the list.
    public ChunkFate {
        uses = List.copyOf(uses);
    }

    static ChunkFate of(SpaceId space, Optional<Entry> entry, List<String> uses, boolean pinned) {
        return new ChunkFate(
                space,
                entry.isPresent(),
                entry.filter(Entry::quarantined).isPresent(),
                pinned,
                entry.map(Entry::condemnedAtMillis).filter(at -> at > 0).map(Instant::ofEpochMilli),
                uses);
    }
}
