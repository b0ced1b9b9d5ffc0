package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.wire.BackupBody;
import dev.quern.common.wire.BackupList;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.GcSpace;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.RotateKeyResult;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunk;
import dev.quern.common.wire.StorageChunkList;
import dev.quern.common.wire.StorageMember;
import dev.quern.common.wire.StorageMemberList;
import dev.quern.common.wire.StorageOperation;
import dev.quern.common.wire.StorageOperationList;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A store that answers the same whatever is asked, and tells what it was asked.
final class FakeStorage implements StorageAdmin {
    @Override
    public StorageBody stats() {
        return new StorageBody(1, 2, 4, 2, 3, 0, 5, "0".repeat(32), true, null);
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
    public RepairResult repair(Optional<String> from, Optional<String> backup) {
        if (from.isEmpty()) {
            throw QuernException.conflict("cannot start repair: gc is under way; try again later");
        }
        return new RepairResult(1, 0, List.of(), List.of(from.get(), backup.orElse("latest")));
    }

    @Override
    public BackupResult backup(String to) {
        return new BackupResult(to, "2026-03-04T05:06:07Z", 3, 30, 1, 10, 5, "0".repeat(32));
    }

    @Override
    public StorageOperationList operations() {
        return new StorageOperationList(
                List.of(operation("running", null, null)),
                List.of(operation("failed", "2026-03-04T05:16:07Z", "disk full")));
    }

    private static StorageOperation operation(
            String state, @Nullable String endedAt, @Nullable String error) {
        return new StorageOperation(
                "gc-1",
                "gc",
                state,
                "sweep default",
                "chunks",
                3,
                endedAt == null ? null : 10L,
                "2026-03-04T05:06:07Z",
                endedAt,
                error);
    }

    @Override
    public StorageOperation cancel(String operation) {
        if (!operation.equals("gc-1")) {
            throw QuernException.notFound("there is no operation " + operation);
        }
        return operation("cancelling", null, null);
    }

    @Override
    public BackupList backups(String to) {
        return new BackupList(
                List.of(new BackupBody(to, "2026-03-04T05:06:07Z", 3, 30, 5, "0".repeat(32))));
    }

    @Override
    public PruneBackupsResult pruneBackups(
            String from, int keep, Optional<Duration> within, boolean dryRun) {
        String told = within.map(Duration::toString).orElse("none");
        BackupBody kept = new BackupBody(from, told, 3, 30, 5, "0".repeat(32));
        return new PruneBackupsResult(dryRun, List.of(kept), List.of(), keep, 9);
    }

    @Override
    public StorageMemberList members() {
        return new StorageMemberList(
                List.of(
                        new StorageMember("a1", true, true, "2026-03-04T05:06:07Z"),
                        new StorageMember("b2", false, false, null)));
    }

    @Override
    public void forgetMember(String member) {
        switch (member) {
            case "a1" -> throw QuernException.conflict("cannot forget a1: it is this server");
            case "b2" -> {}
            default -> throw QuernException.notFound("there is no member " + member);
        }
    }

    @Override
    public RotateKeyResult rotateKey(String space) {
        return new RotateKeyResult(space, 2);
    }

    @Override
    public StorageChunkList explain(String chunk) {
        return new StorageChunkList(
                List.of(new StorageChunk("default", true, false, false, null, List.of(chunk))));
    }
}
