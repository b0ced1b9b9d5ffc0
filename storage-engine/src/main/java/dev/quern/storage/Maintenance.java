package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Looks after what is stored: garbage collection, compaction, checking and repair, one at a time,
/// while everything else goes on. Does all of it on demand, and the first two by itself once it was
/// started. Thread-safe.
public final class Maintenance implements AutoCloseable {
    private final Gc gc;
    private final Compactor compactor;
    private final Fsck fsck;
    private final Repair repair;
    private final PackChunkStore chunks;
    private final ReentrantLock running = new ReentrantLock();
    private final LongAdder gcChunks = new LongAdder();
    private final LongAdder gcBytes = new LongAdder();
    private volatile @Nullable String current;

    @GuardedBy("this")
    private @Nullable MaintenanceLoop loop;

    Maintenance(PackChunkStore chunks, MetaLog facts, RootRegistry roots) {
        this.chunks = chunks;
        this.gc = new Gc(chunks, facts, roots);
        this.compactor = new Compactor(chunks);
        this.fsck = new Fsck(chunks, facts, roots);
        this.repair = new Repair(chunks, fsck);
    }

    /// Collects garbage. A space of which it cannot be told what is garbage is left alone; the
    /// report says so.
    ///
    /// @throws QuernException `CONFLICT` while another run of maintenance is under way
    public GcReport gc(GcRequest request) {
        GcReport report = alone("gc", () -> gc.run(request));
        if (!report.dryRun()) {
            gcChunks.add(report.removed().chunks());
            gcBytes.add(report.removed().bytes());
        }
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
    /// @throws QuernException `CONFLICT` while another run of maintenance is under way; `EXHAUSTED`
    ///   when the disk is full: what was done until then stays done
    public CompactReport compact(ByteSize maxBytesPerSecond) {
        return alone("compaction", () -> compactor.run(maxBytesPerSecond.bytes()));
    }

    /// Reads everything, and compares packs, index and facts with each other.
    ///
    /// @param maxBytesPerSecond bound on reading; 0 for none
    /// @throws QuernException `CONFLICT` while another run of maintenance is under way
    public FsckReport fsck(ByteSize maxBytesPerSecond) {
        return alone("fsck", () -> fsck.run(maxBytesPerSecond.bytes()));
    }

    /// Fetches every chunk that is damaged or missing from another source.
    ///
    /// @param maxBytesPerSecond bound on reading; 0 for none
    /// @throws QuernException `CONFLICT` while another run of maintenance is under way
    public RepairReport repair(ChunkSource source, ByteSize maxBytesPerSecond) {
        return alone("repair", () -> repair.run(source, maxBytesPerSecond.bytes()));
    }

    /// What garbage collection removed since the engine was opened.
    GcReport.Count gcRemoved() {
        return new GcReport.Count(gcChunks.sum(), gcBytes.sum());
    }

    /// Counts of what is stored.
    public StorageStats stats() {
        return StorageStats.of(chunks);
    }

    private <T> T alone(String what, Supplier<T> run) {
        if (!running.tryLock()) {
            throw QuernException.conflict(
                    "cannot start " + what + ": " + current + " is under way; try again later");
        }
        try {
            if (running.getHoldCount() > 1) {
                throw QuernException.internal(what + " within " + current, null);
            }
            current = what;
            return run.get();
        } finally {
            running.unlock();
        }
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
