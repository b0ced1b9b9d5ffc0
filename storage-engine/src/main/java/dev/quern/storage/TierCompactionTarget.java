package dev.quern.storage;

import dev.quern.storage.PackIndex.Location;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where compaction in a tier copies to: packs of its own in staging, which go to the tier when
/// they are full. Not thread-safe.
final class TierCompactionTarget implements AutoCloseable {
    private final PackDirectory staging;
    private final TierUpload upload;
    private final Map<Location, PackRecord> copies = new LinkedHashMap<>();
    private @Nullable PackWriter writer;

    TierCompactionTarget(TierStoreParts parts) {
        this.staging = parts.staging();
        this.upload = parts.upload();
    }

    /// Copies a record.
    ///
    /// @param body as it is stored, checked
    /// @throws dev.quern.common.QuernException `EXHAUSTED` if the disk is full
    void append(PackRecord record, Location from, MemorySegment body) {
        try {
            staging.requireRoom(record.storedBytes());
            PackWriter current = writerFor(record.storedBytes());
            PackRecord copy =
                    current.append(record.space(), record.id(), body.asByteBuffer(), record.form());
            staging.grew(copy);
            copies.put(from, copy);
        } catch (IOException e) {
            throw StorageErrors.of("cannot copy a chunk in " + staging.path(), e);
        }
    }

    private PackWriter writerFor(int bodyBytes) throws IOException {
        PackWriter current = writer;
        if (current != null && !current.fits(bodyBytes)) {
            flush();
            current = null;
        }
        if (current == null) {
            current = staging.begin(bodyBytes);
            writer = current;
        }
        return current;
    }

    /// Puts the copies into the tier, where the index takes them.
    void flush() throws IOException {
        PackWriter current = writer;
        if (current == null) {
            return;
        }
        try {
            current.forceFinished();
            staging.finished(current);
            upload.putCopies(current.pack(), copies);
        } finally {
            close();
        }
    }

    /// Drops what was not put into the tier.
    @Override
    public void close() throws IOException {
        PackWriter current = writer;
        if (current != null) {
            writer = null;
            copies.clear();
            try (current) {
                staging.delete(current.pack().id());
            }
        }
    }
}
