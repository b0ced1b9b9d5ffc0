package dev.quern.storage;

import dev.quern.storage.PackIndex.Location;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Where compaction copies to: packs of its own, one after the other. What becomes of a copy, and of
/// a pack that is full, is the implementation's. Not thread-safe.
abstract sealed class CompactionTarget implements AutoCloseable
        permits PackCompactionTarget, TierCompactionTarget {
    private final PackDirectory packs;
    private @Nullable PackWriter writer;

    /// A copied record.
    record Move(PackRecord copy, Location from, Location to) {}

    CompactionTarget(PackDirectory packs) {
        this.packs = packs;
    }

    /// Copies a record.
    ///
    /// @param body as it is stored, checked
    /// @throws dev.quern.common.QuernException `EXHAUSTED` if the disk is full
    final void append(PackRecord record, Location from, MemorySegment body) {
        try {
            packs.requireRoom(record.storedBytes());
            PackWriter current = writerFor(record.storedBytes());
            PackRecord copy =
                    current.append(record.space(), record.id(), body.asByteBuffer(), record.form());
            packs.grew(copy);
            copied(new Move(copy, from, new Location(current.pack().id(), copy.offset())));
        } catch (IOException e) {
            throw StorageErrors.of("cannot copy a chunk in " + packs.path(), e);
        }
    }

    private PackWriter writerFor(int bodyBytes) throws IOException {
        PackWriter current = writer;
        if (current != null && !current.fits(bodyBytes)) {
            finish();
            current = null;
        }
        if (current == null) {
            current = packs.begin(bodyBytes);
            writer = current;
        }
        return current;
    }

    /// The pack that is written, or null.
    final @Nullable PackWriter current() {
        return writer;
    }

    /// Takes the pack that is written, or null, away: the next copy begins another.
    final @Nullable PackWriter take() {
        PackWriter current = writer;
        writer = null;
        return current;
    }

    /// Where the packs are.
    final PackDirectory packs() {
        return packs;
    }

    /// Takes in a copy that is in the pack but not durable.
    abstract void copied(Move copy) throws IOException;

    /// Has the index take the copies so far, durable by then.
    abstract void flush() throws IOException;

    /// Flushes and ends the pack that is written; nothing if there is none.
    abstract void finish() throws IOException;

    @Override
    public abstract void close() throws IOException;
}
