package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRun;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.ChunkStore.PutChunk;
import dev.quern.volume.ChunkListFormat.Child;
import dev.quern.volume.ChunkListFormat.Node;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Stores the chunks of one file and builds its chunk list, with at most one unfinished list of
/// each level in memory. Nothing is durable before a sync of the chunk store. Not thread-safe.
final class ContentWriter {
    private final ChunkStore chunks;
    private final SpaceId space;
    private final ChunkRun run;
    private final int maxChildren;
    private final List<List<Child>> levels = new ArrayList<>(List.of(new ArrayList<>()));
    private long sizeBytes;
    private long newBytes;

    /// Starts an empty file.
    ///
    /// @param run takes the chunks of the file, and stays the caller's; their lists go into
    ///   `chunks`
    /// @param maxChildren of one list: [ChunkListFormat#MAX_CHILDREN], or fewer in tests
    ContentWriter(ChunkStore chunks, SpaceId space, ChunkRun run, int maxChildren) {
        this.chunks = chunks;
        this.space = space;
        this.run = run;
        this.maxChildren = maxChildren;
    }

    /// Adds the file's next chunk.
    void add(MemorySegment bytes) {
        PutChunk put = run.put(bytes);
        sizeBytes += bytes.byteSize();
        newBytes += put.stored() ? bytes.byteSize() : 0;
        add(0, new Child(put.id(), bytes.byteSize()));
    }

    /// Bytes added until now.
    long sizeBytes() {
        return sizeBytes;
    }

    /// Bytes of the chunks that the space did not have.
    long newBytes() {
        return newBytes;
    }

    /// Ends the file and its run.
    Content finish() {
        run.finish();
        if (sizeBytes == 0) {
            return Content.EMPTY;
        }
        for (int level = 0; level < levels.size() - 1; level++) {
            if (!levels.get(level).isEmpty()) {
                endList(level);
            }
        }
        int top = levels.size() - 1;
        while (levels.get(top).size() > 1) {
            endList(top);
            top++;
        }
        return new Content(levels.get(top).getFirst().id(), top > 0, sizeBytes);
    }

    private void add(int level, Child child) {
        if (level == levels.size()) {
            levels.add(new ArrayList<>());
        }
        List<Child> list = levels.get(level);
        if (list.size() == maxChildren) {
            endList(level);
        }
        list.add(child);
    }

    private void endList(int level) {
        if (level > ChunkListFormat.MAX_LEVEL) {
            throw QuernException.invalid("file is too long: " + sizeBytes + " bytes");
        }
        List<Child> list = levels.get(level);
        Node node = new Node(level, list);
        list.clear();
        PutChunk put = chunks.put(space, MemorySegment.ofArray(ChunkListFormat.encode(node)));
        add(level + 1, new Child(put.id(), node.lengthBytes()));
    }
}
