package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.GcSpace;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunk;
import dev.quern.common.wire.StorageChunkList;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A store that answers the same whatever is asked, and tells what it was asked.
final class FakeStorage implements StorageAdmin {
    @Override
    public StorageBody stats() {
        return new StorageBody(1, 2, 4, 2, 3, 0, 5);
    }

    @Override
    public GcResult gc(Optional<Duration> grace, boolean dryRun) {
        String told = grace.map(Duration::toString).orElse("default");
        GcSpace space = new GcSpace("default", 1, 2, 3, 4, 5, 6, List.of(), told);
        return new GcResult(dryRun, 5, 6, List.of(space));
    }

    @Override
    public CompactResult compact() {
        return new CompactResult(1, 0, 2, 3, 4, 0);
    }

    @Override
    public FsckResult fsck() {
        return new FsckResult(true, 1, 2, 3, 2, 0, 0, 0, List.of(), List.of());
    }

    @Override
    public RepairResult repair() {
        throw QuernException.conflict("cannot start repair: gc is under way; try again later");
    }

    @Override
    public StorageChunkList explain(String chunk) {
        return new StorageChunkList(
                List.of(new StorageChunk("default", true, false, false, null, List.of(chunk))));
    }
}
