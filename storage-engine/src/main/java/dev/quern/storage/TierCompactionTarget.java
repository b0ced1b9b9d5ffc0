package dev.quern.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Where compaction in a tier copies to: packs in staging, which go to the tier when they are full.
/// Not thread-safe.
final class TierCompactionTarget extends CompactionTarget {
    private final TierUpload upload;
    private final List<Move> copies = new ArrayList<>();

    TierCompactionTarget(TierStoreParts parts) {
        super(parts.staging());
        this.upload = parts.upload();
    }

    @Override
    void copied(Move copy) {
        copies.add(copy);
    }

    /// Puts the copies into the tier, where the index takes them; the pack is at its end then.
    @Override
    void flush() throws IOException {
        PackWriter current = current();
        if (current == null) {
            return;
        }
        try {
            current.forceFinished();
            packs().finished(current);
            upload.putCopies(current.pack(), copies);
        } finally {
            close();
        }
    }

    @Override
    void finish() throws IOException {
        flush();
    }

    /// Drops what was not put into the tier.
    @Override
    public void close() throws IOException {
        PackWriter current = take();
        if (current != null) {
            copies.clear();
            try (current) {
                packs().delete(current.pack().id());
            }
        }
    }
}
