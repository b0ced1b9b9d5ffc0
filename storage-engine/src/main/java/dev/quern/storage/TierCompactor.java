package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.CompactionPlanner.PackStat;
import dev.quern.storage.OperationStatus.Unit;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Location;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compaction in a tier: copies what is alive in packs that are mostly dead, or small, to new
/// packs, and retires them; those that were retired long enough ago are deleted.
///
/// Copies are put into the tier, then the index takes them in place of the records that they were
/// made of, if it still has those; when it names nothing of a pack any more, and that is durable,
/// the pack is retired. A crash anywhere leaves a chunk in one pack or in two. Readers are never
/// held up: a retired pack stays for a grace, and who comes late looks the chunk up again.
///
/// Not thread-safe; [Operations] runs one at a time. One that is cancelled drops the copies that
/// are not in the tier yet; packs that it has emptied are retired by the next.
final class TierCompactor implements Compaction {
    private static final Logger LOG = LoggerFactory.getLogger(TierCompactor.class);

    private final TierStoreParts parts;

    /// Packs that have a damaged record, found since this was opened.
    private final Set<Long> damaged = new HashSet<>();

    TierCompactor(TierStoreParts parts) {
        this.parts = parts;
    }

    @Override
    public void requireAllowed(String what) {
        parts.members().requireAlone(what);
    }

    @Override
    public void collected(Duration grace) {
        parts.packs().deleteRetired(grace);
    }

    @Override
    public CompactReport run(long bytesPerSecond, Operation operation) {
        long before = parts.packs().storedBytes();
        List<PackStat> plan =
                CompactionPlanner.plan(parts.packs().stats(), parts.staging().packBytes(), damaged);
        CompactionTally tally = new CompactionTally(bytesPerSecond, operation);
        if (!plan.isEmpty()) {
            operation.phase("copy", Unit.BYTES, PackStat.fileBytes(plan));
        }
        long read = 0;
        try (CompactionTarget target = new TierCompactionTarget(parts)) {
            for (PackStat pack : plan) {
                if (Thread.currentThread().isInterrupted()) {
                    break;
                }
                copyAll(pack, target, tally);
                read += pack.fileBytes();
                tally.flush();
                operation.advanceTo(read);
            }
            target.flush();
        } catch (IOException e) {
            throw StorageErrors.of("cannot copy packs of " + parts.tier(), e);
        }
        plan.forEach(pack -> retire(pack.id(), tally));
        parts.packs().deleteRetired(GcRequest.DEFAULT_GRACE);
        return tally.report(before - parts.packs().storedBytes());
    }

    /// A pack that was not come to, or that has a damaged record, keeps what it has.
    private void retire(long pack, CompactionTally tally) {
        if (parts.packs().retire(pack)) {
            damaged.remove(pack);
            tally.packRemoved();
        } else if (damaged.contains(pack)) {
            tally.packKept();
        }
    }

    /// A pack that is damaged as a whole stays; the others are none the worse for it.
    private void copyAll(PackStat pack, CompactionTarget target, CompactionTally tally) {
        if (pack.chunks() == 0) {
            return;
        }
        try {
            parts.reader()
                    .forEach(
                            pack.id(),
                            pack.fileBytes(),
                            record -> isNamed(pack.id(), record),
                            (record, body) -> copy(pack.id(), record, body, target, tally));
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CORRUPT) {
                throw e;
            }
            damaged.add(pack.id());
            LOG.error("pack cannot be copied: {}", e.getMessage());
        }
    }

    private boolean isNamed(long pack, PackRecord record) {
        Location from = new Location(pack, record.offset());
        Optional<Entry> entry = parts.index().find(record.space(), record.id());
        return entry.isPresent()
                && entry.get().location().equals(from)
                && !entry.get().quarantined();
    }

    private void copy(
            long pack,
            PackRecord record,
            Optional<MemorySegment> body,
            CompactionTarget target,
            CompactionTally tally) {
        tally.take(record);
        tally.read(record);
        Location from = new Location(pack, record.offset());
        if (body.isPresent() && Checksums.crc32c(body.get()) == record.form().crc()) {
            target.append(record, from, body.get());
            tally.moved(record);
        } else {
            LOG.error(
                    "chunk {} of space {} does not match in {} at offset {}",
                    record.id(),
                    record.space(),
                    TierStoreFormat.pack(pack),
                    record.offset());
            parts.index().quarantine(record.space(), record.id(), from, true);
            damaged.add(pack);
            tally.quarantined();
        }
    }
}
