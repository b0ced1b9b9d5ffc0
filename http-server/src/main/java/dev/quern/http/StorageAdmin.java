package dev.quern.http;

import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunkList;
import java.time.Duration;
import java.util.Optional;

/// What an operator can do to the store below the services, which this module does not know.
/// Thread-safe; each of the long ones returns when it is done.
public interface StorageAdmin {
    /// Counts.
    StorageBody stats();

    /// Collects garbage.
    ///
    /// @param grace empty for the default
    /// @throws dev.quern.common.QuernException `INVALID` for a grace that is out of bounds;
    ///   `CONFLICT` while other maintenance is under way, as from all that follow
    GcResult gc(Optional<Duration> grace, boolean dryRun);

    /// Compacts packs.
    CompactResult compact();

    /// Checks everything.
    FsckResult fsck();

    /// Repairs what is damaged, from another source if there is one.
    RepairResult repair();

    /// Why a chunk is kept.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if the text is no chunk's id; `NOT_FOUND`
    ///   if no space has it
    StorageChunkList explain(String chunk);
}
