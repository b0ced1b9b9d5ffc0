package dev.quern.volume;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkStore;
import dev.quern.volume.DirectoryNode.Index;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.DirectoryNode.LeafRef;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/// Reads and writes directory nodes, with a cache of decoded ones that is bounded by the heap they
/// take, least recently used out first. Thread-safe.
final class NodeStore {
    /// Heap that a decoded node takes for each of its bytes, about.
    private static final int HEAP_PER_BYTE = 4;

    private record Name(SpaceId space, ChunkId id) {}

    private record Cached(DirectoryNode node, long heapBytes) {}

    private final ChunkStore chunks;
    private final long maxHeapBytes;

    @GuardedBy("this")
    private final LinkedHashMap<Name, Cached> cache = new LinkedHashMap<>(64, 0.75f, true);

    @GuardedBy("this")
    private long heapBytes;

    NodeStore(ChunkStore chunks, ByteSize maxHeap) {
        this.chunks = chunks;
        this.maxHeapBytes = maxHeap.bytes();
    }

    /// The node in a chunk.
    ///
    /// @throws QuernException `CORRUPT` if the chunk is no directory node
    DirectoryNode read(SpaceId space, ChunkId id) {
        Name name = new Name(space, id);
        synchronized (this) {
            Cached cached = cache.get(name);
            if (cached != null) {
                return cached.node;
            }
        }
        byte[] bytes = chunks.read(space, id);
        DirectoryNode node = DirectoryFormat.decode(bytes, id);
        remember(name, new Cached(node, (long) bytes.length * HEAP_PER_BYTE));
        return node;
    }

    /// The leaves of a directory, without reading them when there is an index; none when it is
    /// empty.
    List<LeafRef> leaves(SpaceId space, ChunkId directory) {
        return switch (read(space, directory)) {
            case Index(List<LeafRef> leaves) -> leaves;
            case Leaf leaf -> leaf.entries().isEmpty() ? List.of() : List.of(leaf.ref(directory));
        };
    }

    /// The entries of a leaf.
    ///
    /// @throws QuernException `CORRUPT` if the chunk is not the leaf that the reference promises
    List<Entry> entries(SpaceId space, LeafRef ref) {
        if (read(space, ref.id()) instanceof Leaf(List<Entry> entries)
                && !entries.isEmpty()
                && entries.getFirst().name().equals(ref.firstName())) {
            return entries;
        }
        throw QuernException.corrupt(
                "directory node " + ref.id() + " is not a leaf from \"" + ref.firstName() + "\"");
    }

    /// Stores a node; durable after the next sync of the chunk store.
    ChunkId write(SpaceId space, DirectoryNode node, VolumePath directory) {
        byte[] bytes = DirectoryFormat.encode(node);
        if (bytes.length > ChunkStore.MAX_CHUNK_BYTES) {
            throw QuernException.exhausted(
                    "directory \"" + directory + "\" has too many entries: use subdirectories", 0);
        }
        return chunks.put(space, MemorySegment.ofArray(bytes)).id();
    }

    /// The entry of a name in a directory.
    Optional<Entry> child(SpaceId space, ChunkId directory, String name) {
        List<LeafRef> leaves = leaves(space, directory);
        int leaf = floor(leaves.size(), i -> leaves.get(i).firstName(), name);
        if (leaf < 0) {
            return Optional.empty();
        }
        List<Entry> entries = entries(space, leaves.get(leaf));
        Entry entry = entries.get(floor(entries.size(), i -> entries.get(i).name(), name));
        return entry.name().equals(name) ? Optional.of(entry) : Optional.empty();
    }

    /// The entry at a path, not the root, below a root directory.
    Optional<Entry> find(SpaceId space, ChunkId root, VolumePath path) {
        ChunkId directory = root;
        Iterator<String> names = path.components().iterator();
        while (true) {
            Optional<Entry> entry = child(space, directory, names.next());
            if (entry.isEmpty() || !names.hasNext()) {
                return entry;
            }
            if (!(entry.get() instanceof Entry.Directory next)) {
                return Optional.empty();
            }
            directory = next.node();
        }
    }

    /// The last of `count` ascending names that is `name` or less; -1 if none is.
    private static int floor(int count, IntFunction<String> names, String name) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (VolumePath.NAME_ORDER.compare(names.apply(middle), name) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    private synchronized void remember(Name name, Cached cached) {
        if (cached.heapBytes > maxHeapBytes || cache.putIfAbsent(name, cached) != null) {
            return;
        }
        heapBytes += cached.heapBytes;
        Iterator<Map.Entry<Name, Cached>> eldest = cache.entrySet().iterator();
        while (heapBytes > maxHeapBytes) {
            heapBytes -= eldest.next().getValue().heapBytes;
            eldest.remove();
        }
    }
}
