package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.CompactionPlanner.PackStat;
import dev.quern.storage.OperationStatus.Unit;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Location;
import dev.quern.storage.PackIndex.PackState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies what is alive in packs that are mostly dead, or small, to new packs, and deletes them. A
/// record's body is copied as it is stored.
///
/// One pack after the other: copies are forced, then the index takes them in place of the records
/// that they were made of, if it still has those; when it names nothing of the pack any more, and
/// that is durable, the file is deleted. A crash anywhere leaves a chunk in one pack or in two.
/// Readers are never held up: a lease keeps a deleted pack and its files, and who comes late looks
/// the chunk up again.
///
/// Not thread-safe; [Operations] runs one at a time. One that is cancelled keeps the pack that it
/// was at, with the copies that were made of it either taken by the index or garbage.
final class Compactor implements Compaction {
    private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);

    private final PackChunkStore chunks;
    private final PackDirectory packs;
    private final PackIndex index;

    /// Packs that have a damaged record, found since this was opened.
    private final Set<Long> damaged = new HashSet<>();

    Compactor(PackChunkStore chunks) {
        this.chunks = chunks;
        this.packs = chunks.packs();
        this.index = chunks.index();
    }

    @Override
    public CompactReport run(long bytesPerSecond, Operation operation) {
        long before = packs.storedBytes();
        CompactionTally tally = new CompactionTally(bytesPerSecond, operation);
        rollWhenMostlyDead();
        List<PackStat> plan = CompactionPlanner.plan(stats(), packs.packBytes(), damaged);
        if (!plan.isEmpty()) {
            operation.phase("copy", Unit.BYTES, PackStat.fileBytes(plan));
        }
        long read = 0;
        try (CompactionTarget target = new PackCompactionTarget(packs, index)) {
            for (PackStat pack : plan) {
                if (Thread.currentThread().isInterrupted()) {
                    break;
                }
                compact(pack, target, tally);
                read += pack.fileBytes();
                tally.flush();
                operation.advanceTo(read);
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot compact packs in " + packs.path(), e);
        }
        return tally.report(before - packs.storedBytes());
    }

    /// The pack that is appended to is judged by what of it is indexed: the rest is new.
    private void rollWhenMostlyDead() {
        for (Map.Entry<Long, PackState> known : index.packs().entrySet()) {
            PackState state = known.getValue();
            Pack pack = packs.find(known.getKey());
            boolean isWritten = !state.closed() && state.indexedThrough() > PackFormat.HEADER_BYTES;
            if (isWritten && pack != null && stat(pack, state).isMostlyDead()) {
                chunks.roll();
                return;
            }
        }
    }

    private static PackStat stat(Pack pack, PackState state) {
        return new PackStat(
                pack.id(),
                pack.kind() == Pack.Kind.RUN,
                state.indexedThrough(),
                StorageStats.liveBytes(pack.kind(), state),
                state.chunks());
    }

    /// Packs that nothing is appended to any more.
    private List<PackStat> stats() {
        List<PackStat> stats = new ArrayList<>();
        for (Map.Entry<Long, PackState> known : index.packs().entrySet()) {
            PackState state = known.getValue();
            Pack pack = packs.find(known.getKey());
            if (state.closed() && pack != null) {
                stats.add(
                        new PackStat(
                                pack.id(),
                                pack.kind() == Pack.Kind.RUN,
                                packs.sizeBytes(pack),
                                StorageStats.liveBytes(pack.kind(), state),
                                state.chunks()));
            }
        }
        return stats;
    }

    private void compact(PackStat stat, CompactionTarget target, CompactionTally tally)
            throws IOException {
        Pack pack = packs.find(stat.id());
        if (pack == null) {
            return;
        }
        long badBefore = tally.quarantinedCount();
        if (stat.chunks() > 0) {
            copyAll(pack, target, tally);
            target.flush();
        }
        PackState left = index.packs().getOrDefault(stat.id(), PackState.NEW);
        if (left.chunks() == 0) {
            index.sync();
            if (packs.delete(stat.id())) {
                // Not while the file may come back: recovery would take its records for new ones.
                index.dropPack(stat.id());
            }
            damaged.remove(stat.id());
            tally.packRemoved();
            return;
        }
        damaged.add(stat.id());
        tally.packKept();
        LOG.warn(
                "pack {}: {} chunks stay, {} of them found damaged now",
                pack.file(),
                left.chunks(),
                tally.quarantinedCount() - badBefore);
    }

    /// A pack that is damaged as a whole stays; the others are none the worse for it.
    private void copyAll(Pack pack, CompactionTarget target, CompactionTally tally) {
        try {
            pack.forEach((record, mapped) -> {
                tally.take(record);
                copy(pack, mapped, record, target, tally);
                tally.read(record);
            });
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CORRUPT) {
                throw e;
            }
            LOG.error("pack {} cannot be copied: {}", pack.file(), e.getMessage());
        }
    }

    /// Copies a record if the index names it.
    private void copy(
            Pack pack,
            MappedPack mapped,
            PackRecord record,
            CompactionTarget target,
            CompactionTally tally) {
        Location from = new Location(pack.id(), record.offset());
        Optional<Entry> entry = index.find(record.space(), record.id());
        if (entry.isEmpty() || !entry.get().location().equals(from) || entry.get().quarantined()) {
            return;
        }
        try {
            target.append(record, from, mapped.verifiedBody(record));
            tally.moved(record);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CORRUPT) {
                throw e;
            }
            LOG.error("chunk {} of space {}: {}", record.id(), record.space(), e.getMessage());
            index.quarantine(record.space(), record.id(), from, true);
            tally.quarantined();
        }
    }
}
