package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks after what is stored: garbage collection, compaction, checking and repair, one at a time,
/// while everything else goes on. Does all of it on demand, and the first two by itself once it was
/// started. Thread-safe.
public final class Maintenance implements AutoCloseable {
    private final Gc gc;
    private final Compaction compaction;

    private final Fsck fsck;
    private final Repair repair;
    private final KeyedChunks chunks;
    private final Operations operations;

    @GuardedBy("this")
    private @Nullable MaintenanceLoop loop;

    /// Who uses the tier that the chunks are in, if they are in one.
    private final @Nullable TierMembers members;

    private Maintenance(
            CheckedStore store,
            @Nullable TierMembers members,
            Compaction compaction,
            MetaLog facts,
            RootRegistry roots,
            Operations operations) {
        this.chunks = store.chunks();
        this.operations = operations;
        this.gc = new Gc(chunks, facts, roots);
        this.compaction = compaction;
        this.members = members;
        this.fsck = new Fsck(store, facts, roots);
        this.repair = new Repair(store, fsck);
    }

    /// Of chunks in the directory.
    static Maintenance of(
            PackChunkStore chunks, MetaLog facts, RootRegistry roots, Operations operations) {
        return new Maintenance(
                new CheckedPacks(chunks), null, new Compactor(chunks), facts, roots, operations);
    }

    /// Of chunks in a tier.
    static Maintenance of(
            TierChunkStore chunks, MetaLog facts, RootRegistry roots, Operations operations) {
        return new Maintenance(
                new CheckedTier(chunks),
                chunks.parts().members(),
                new TierCompactor(chunks.parts()),
                facts,
                roots,
                operations);
    }

    /// Collects garbage. A space of which it cannot be told what is garbage is left alone; the
    /// report says so.
    ///
    /// @throws QuernException `CONFLICT` while another run of maintenance is under way, if this one
    ///   is cancelled ([Operations]), or if the chunks are in a tier that another data directory
    ///   uses too
    public GcReport gc(GcRequest request) {
        return operations.run(OperationKind.GC, operation -> collect(request, operation));
    }

    private GcReport collect(GcRequest request, Operation operation) {
        if (request.dryRun()) {
            return gc.run(request, operation);
        }
        compaction.requireAllowed("collect garbage");
        GcReport report = gc.run(request, operation);
        compaction.collected(request.grace());
        return report;
    }

    /// Why a chunk is kept, or not, in every space that has it or needs it.
    ///
    /// @throws QuernException `NOT_FOUND` if none does
    public List<ChunkFate> explain(ChunkId chunk) {
        return gc.explain(chunk);
    }

    /// Copies what is alive in packs that are mostly dead, or small, and deletes them.
    ///
    /// @param maxBytesPerSecond bound on reading; 0 for none
    /// @throws QuernException `CONFLICT` as [#gc]; `EXHAUSTED` when the disk is full: what was done
    ///   until then stays done
    public CompactReport compact(ByteSize maxBytesPerSecond) {
        return operations.run(
                OperationKind.COMPACT,
                operation -> {
                    compaction.requireAllowed("compact packs");
                    return compaction.run(maxBytesPerSecond.bytes(), operation);
                });
    }

    /// Reads everything, and compares packs, index and facts with each other.
    ///
    /// @param maxBytesPerSecond bound on reading; 0 for none
    /// @throws QuernException `CONFLICT` while another run of maintenance is under way, or if this
    ///   one is cancelled; `UNAVAILABLE` or `EXHAUSTED` if a tier does not answer
    public FsckReport fsck(ByteSize maxBytesPerSecond) {
        return operations.run(
                OperationKind.FSCK,
                operation -> fsck.run(maxBytesPerSecond.bytes(), operation));
    }

    /// Fetches every chunk that is damaged or missing from another source.
    ///
    /// @param maxBytesPerSecond bound on reading; 0 for none
    /// @throws QuernException as [#fsck]
    public RepairReport repair(ChunkSource source, ByteSize maxBytesPerSecond) {
        return operations.run(
                OperationKind.REPAIR,
                operation -> repair.run(source, maxBytesPerSecond.bytes(), operation));
    }

    /// The data directories that use the tier in which the chunks are, this one first.
    ///
    /// @throws QuernException `INVALID` if the chunks are in the directory
    public List<TierMember> members() {
        return requireMembers().list();
    }

    /// Forgets a data directory that is lost for good. What only its facts need becomes garbage.
    ///
    /// @param id of a member
    /// @throws QuernException `NOT_FOUND` if there is no such member; `CONFLICT` if it is this
    ///   directory, or its server runs; `INVALID` if the chunks are in the directory
    public void forgetMember(String id) {
        requireMembers().forget(id);
    }

    private TierMembers requireMembers() {
        if (members == null) {
            throw QuernException.invalid(
                    "the chunks are in the data directory: only a tier has members");
        }
        return members;
    }

    /// What garbage collection removed since the engine was opened.
    GcReport.Count gcRemoved() {
        return gc.removed();
    }

    /// Counts of what is stored.
    public StorageStats stats() {
        return StorageStats.of(chunks);
    }

    /// Begins to collect garbage and to compact by itself; called once everyone who commits facts
    /// has registered its roots.
    public synchronized void start(MaintenanceConfig config) {
        if (loop != null) {
            throw QuernException.internal("maintenance was started before", null);
        }
        loop = MaintenanceLoop.start(this, config, chunks.retention()::nowMillis);
    }

    /// Ends what it does by itself, in the middle if need be, and waits until it has.
    @Override
    public synchronized void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
