package dev.quern.storage;

import dev.quern.storage.PackIndex.Location;
import dev.quern.storage.PackIndex.Progress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where compaction copies to: packs of its own, one after the other. Copies wait in a bounded list
/// until they are forced and the index takes them. Not thread-safe.
final class CompactionTarget implements AutoCloseable {
    private static final int MAX_WAITING = 4096;

    private final PackDirectory packs;
    private final PackIndex index;
    private final List<Move> waiting = new ArrayList<>();
    private @Nullable PackWriter writer;

    /// A copied record.
    record Move(PackRecord copy, Location from, Location to) {}

    CompactionTarget(PackDirectory packs, PackIndex index) {
        this.packs = packs;
        this.index = index;
    }

    /// Copies a record.
    ///
    /// @param body as it is stored, checked
    /// @throws dev.quern.common.QuernException `EXHAUSTED` if the disk is full
    void append(PackRecord record, Location from, MemorySegment body) {
        try {
            packs.requireRoom(record.storedBytes());
            PackWriter current = writerFor(record.storedBytes());
            PackRecord copy =
                    current.append(record.space(), record.id(), body.asByteBuffer(), record.form());
            packs.grew(copy);
            waiting.add(new Move(copy, from, new Location(current.pack().id(), copy.offset())));
            if (waiting.size() == MAX_WAITING) {
                flush();
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot copy a chunk in " + packs.path(), e);
        }
    }

    private PackWriter writerFor(int bodyBytes) throws IOException {
        PackWriter current = writer;
        if (current != null && !current.fits(bodyBytes)) {
            finish(current);
            current = null;
        }
        if (current == null) {
            current = packs.begin(bodyBytes);
            writer = current;
        }
        return current;
    }

    /// Makes the copies durable, then the index takes them. When that fails, nothing more comes of
    /// this pack: no later force could be believed, and a footer would vouch for what is not there.
    void flush() throws IOException {
        PackWriter current = writer;
        if (current == null) {
            return;
        }
        boolean flushed = false;
        try {
            flush(current);
            flushed = true;
        } finally {
            if (!flushed) {
                writer = null;
                waiting.clear();
                current.close();
            }
        }
    }

    private void flush(PackWriter current) throws IOException {
        if (!waiting.isEmpty()) {
            current.force();
            packs.sync();
            Progress progress = new Progress(current.position(), false);
            index.move(waiting, Map.of(current.pack().id(), progress));
            waiting.clear();
        }
    }

    private void finish(PackWriter current) throws IOException {
        writer = null;
        try (current) {
            flush(current);
            current.forceFinished();
        }
        packs.finished(current);
        Progress end = new Progress(current.position(), true);
        index.move(List.of(), Map.of(current.pack().id(), end));
    }

    /// Ends the pack. Copies that were not taken are garbage.
    @Override
    public void close() throws IOException {
        if (writer != null) {
            finish(writer);
        }
    }
}
