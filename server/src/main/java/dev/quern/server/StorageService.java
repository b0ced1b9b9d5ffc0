package dev.quern.server;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.BackupList;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcGarbage;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.GcSpace;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.RotateKeyResult;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunk;
import dev.quern.common.wire.StorageChunkList;
import dev.quern.common.wire.StorageFinding;
import dev.quern.common.wire.StorageMember;
import dev.quern.common.wire.StorageMemberList;
import dev.quern.common.wire.StorageOperation;
import dev.quern.common.wire.StorageOperationList;
import dev.quern.http.StorageAdmin;
import dev.quern.storage.BackupPolicy;
import dev.quern.storage.ChunkFate;
import dev.quern.storage.ChunkId;
import dev.quern.storage.CompactReport;
import dev.quern.storage.FsckReport;
import dev.quern.storage.GcReport;
import dev.quern.storage.GcRequest;
import dev.quern.storage.LogPosition;
import dev.quern.storage.OperationStatus;
import dev.quern.storage.RepairReport;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.StorageStats;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The store's maintenance and backups as the wire has it. What an operator asks for runs at full
/// speed. Thread-safe.
final class StorageService implements StorageAdmin {
    static final ByteSize UNLIMITED = new ByteSize(0);

    private final StorageEngine engine;
    private final Optional<TierUrl> tier;
    private final StorageBackups backups;
    private final Duration gcGrace;

    /// @param tier where the engine's chunks are, if not in its directory
    /// @param gcGrace of a collection for which none is asked
    StorageService(
            StorageEngine engine,
            Optional<TierUrl> tier,
            StorageBackups backups,
            Duration gcGrace) {
        this.engine = engine;
        this.tier = tier;
        this.backups = backups;
        this.gcGrace = gcGrace;
    }

    @Override
    public StorageBody stats() {
        StorageStats stats = engine.maintenance().stats();
        LogPosition position = engine.facts().position();
        return new StorageBody(
                stats.chunks(),
                stats.liveBytes(),
                stats.storedBytes(),
                stats.deadBytes(),
                stats.packs(),
                stats.quarantined(),
                position.index(),
                position.hash().toString(),
                engine.isEncrypted(),
                tier.map(TierUrl::toString).orElse(null));
    }

    @Override
    public GcResult gc(Optional<Duration> grace, boolean dryRun) {
        GcRequest request = new GcRequest(grace.orElse(gcGrace), dryRun, UNLIMITED);
        GcReport report = engine.maintenance().gc(request);
        return new GcResult(
                report.dryRun(),
                report.removed().chunks(),
                report.removed().bytes(),
                report.spaces().stream().map(StorageService::space).toList());
    }

    private static GcSpace space(GcReport.Space space) {
        return new GcSpace(
                space.space().value(),
                space.live().chunks(),
                space.live().bytes(),
                space.condemned().chunks(),
                space.condemned().bytes(),
                space.removed().chunks(),
                space.removed().bytes(),
                space.garbage().stream()
                        .map(garbage ->
                                new GcGarbage(
                                        garbage.id().hex(),
                                        garbage.bytes(),
                                        garbage.condemnedAt().map(Instant::toString).orElse(null),
                                        garbage.reason()))
                        .toList(),
                space.problem().orElse(null));
    }

    @Override
    public CompactResult compact() {
        CompactReport report = engine.maintenance().compact(UNLIMITED);
        return new CompactResult(
                report.packsRemoved(),
                report.packsKept(),
                report.chunksMoved(),
                report.bytesMoved(),
                report.bytesFreed(),
                report.quarantined());
    }

    @Override
    public FsckResult fsck() {
        FsckReport report = engine.maintenance().fsck(UNLIMITED);
        return new FsckResult(
                report.isClean(),
                report.packs(),
                report.records(),
                report.bytes(),
                report.liveChunks(),
                report.deadRecords(),
                report.damaged(),
                report.uses(),
                findings(report.findings()),
                report.problems());
    }

    @Override
    public RepairResult repair(Optional<String> from, Optional<String> backup) {
        RepairReport report =
                from.isPresent()
                        ? backups.repair(from.get(), backup)
                        : engine.maintenance().repair((_, _) -> Optional.empty(), UNLIMITED);
        return new RepairResult(
                report.repaired(), report.lost(), findings(report.losses()), report.problems());
    }

    @Override
    public BackupResult backup(String to) {
        return backups.run(to);
    }

    @Override
    public StorageOperationList operations() {
        return new StorageOperationList(
                engine.operations().running().stream().map(StorageService::operation).toList(),
                engine.operations().ended().stream().map(StorageService::operation).toList());
    }

    @Override
    public StorageOperation cancel(String operation) {
        return operation(engine.operations().cancel(operation));
    }

    private static StorageOperation operation(OperationStatus status) {
        return new StorageOperation(
                status.id().toString(),
                status.id().kind().toString(),
                status.state().name().toLowerCase(Locale.ROOT),
                status.phase(),
                status.unit().name().toLowerCase(Locale.ROOT),
                status.done(),
                status.total().isPresent() ? status.total().getAsLong() : null,
                status.startedAt().toString(),
                status.endedAt().map(Instant::toString).orElse(null),
                status.error().orElse(null));
    }

    @Override
    public BackupList backups(String to) {
        return backups.list(to);
    }

    @Override
    public PruneBackupsResult pruneBackups(
            String from, int keep, Optional<Duration> within, boolean dryRun) {
        return backups.prune(from, new BackupPolicy(keep, within), dryRun);
    }

    @Override
    public StorageMemberList members() {
        return new StorageMemberList(
                engine.maintenance().members().stream()
                        .map(member ->
                                new StorageMember(
                                        member.id(),
                                        member.own(),
                                        member.running(),
                                        member.seenAt().map(Instant::toString).orElse(null)))
                        .toList());
    }

    @Override
    public void forgetMember(String member) {
        engine.maintenance().forgetMember(member);
    }

    @Override
    public RotateKeyResult rotateKey(String space) {
        SpaceId id = new SpaceId(space);
        if (!id.equals(SpaceId.DEFAULT) && engine.facts().kinds(id).isEmpty()) {
            throw QuernException.notFound("space " + id + " is not there");
        }
        return new RotateKeyResult(id.value(), engine.rotateDataKey(id));
    }

    private static List<StorageFinding> findings(List<FsckReport.Finding> findings) {
        return findings.stream()
                .map(finding ->
                        new StorageFinding(
                                finding.space().value(),
                                finding.chunk().hex(),
                                finding.problem(),
                                finding.use()))
                .toList();
    }

    @Override
    public StorageChunkList explain(String chunk) {
        return new StorageChunkList(
                engine.maintenance().explain(new ChunkId(chunk)).stream()
                        .map(StorageService::fate)
                        .toList());
    }

    private static StorageChunk fate(ChunkFate fate) {
        return new StorageChunk(
                fate.space().value(),
                fate.stored(),
                fate.quarantined(),
                fate.pinned(),
                fate.condemnedAt().map(Instant::toString).orElse(null),
                fate.uses());
    }
}
