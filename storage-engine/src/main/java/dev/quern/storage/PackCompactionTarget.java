package dev.quern.storage;

import dev.quern.storage.PackIndex.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where compaction on this machine copies to. Copies wait in a bounded list until they are forced
/// and the index takes them. Not thread-safe.
final class PackCompactionTarget extends CompactionTarget {
    private static final int MAX_WAITING = 4096;

    private final PackIndex index;
    private final List<Move> waiting = new ArrayList<>();

    PackCompactionTarget(PackDirectory packs, PackIndex index) {
        super(packs);
        this.index = index;
    }

    @Override
    void copied(Move copy) throws IOException {
        waiting.add(copy);
        if (waiting.size() == MAX_WAITING) {
            flush();
        }
    }

    /// Makes the copies durable, then the index takes them. When that fails, nothing more comes of
    /// this pack: no later force could be believed, and a footer would vouch for what is not there.
    @Override
    void flush() throws IOException {
        PackWriter current = current();
        if (current == null) {
            return;
        }
        boolean flushed = false;
        try {
            flush(current);
            flushed = true;
        } finally {
            if (!flushed) {
                take();
                waiting.clear();
                current.close();
            }
        }
    }

    private void flush(PackWriter current) throws IOException {
        if (!waiting.isEmpty()) {
            current.force();
            packs().sync();
            Progress progress = new Progress(current.position(), false);
            index.move(waiting, Map.of(current.pack().id(), progress));
            waiting.clear();
        }
    }

    @Override
    void finish() throws IOException {
        PackWriter current = take();
        if (current == null) {
            return;
        }
        try (current) {
            flush(current);
            current.forceFinished();
        }
        packs().finished(current);
        Progress end = new Progress(current.position(), true);
        index.move(List.of(), Map.of(current.pack().id(), end));
    }

    /// Ends the pack. Copies that were not taken are garbage.
    @Override
    public void close() throws IOException {
        finish();
    }
}
