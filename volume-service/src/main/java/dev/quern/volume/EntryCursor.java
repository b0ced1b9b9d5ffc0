package dev.quern.volume;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.volume.DirectoryNode.LeafRef;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Goes through the entries of a directory in name order, and over whole leaves without reading
/// them. Not thread-safe.
final class EntryCursor {
    private final NodeStore nodes;
    private final SpaceId space;
    private final List<LeafRef> leaves;
    private int leaf;
    private int at;
    private @Nullable List<Entry> entries;

    /// Starts at the first entry.
    EntryCursor(NodeStore nodes, SpaceId space, ChunkId directory) {
        this.nodes = nodes;
        this.space = space;
        this.leaves = nodes.leaves(space, directory);
    }

    /// Moves to the first entry whose name is `name` or greater; only from the start.
    void seek(String name) {
        while (leaf + 1 < leaves.size() && !isBefore(name, leaves.get(leaf + 1).firstName())) {
            leaf++;
        }
        while (!isDone() && isBefore(peekName(), name)) {
            advance();
        }
    }

    boolean isDone() {
        return leaf == leaves.size();
    }

    /// The name of the present entry.
    String peekName() {
        return at == 0 ? leaves.get(leaf).firstName() : peek().name();
    }

    /// The present entry.
    Entry peek() {
        return loaded().get(at);
    }

    /// The present entry; moves to the next.
    Entry take() {
        Entry entry = peek();
        advance();
        return entry;
    }

    /// Whether the present entry is the first of its leaf.
    boolean isAtLeafStart() {
        return at == 0 && !isDone();
    }

    /// The leaf of the present entry.
    LeafRef leaf() {
        return leaves.get(leaf);
    }

    /// Whether the present leaf surely ends before `name` would come: the next leaf starts at that
    /// name or before it.
    boolean endsLeafBefore(String name) {
        return leaf + 1 < leaves.size() && !isBefore(name, leaves.get(leaf + 1).firstName());
    }

    /// Moves to the start of the next leaf.
    void skipLeaf() {
        leaf++;
        at = 0;
        entries = null;
    }

    private void advance() {
        if (at + 1 < loaded().size()) {
            at++;
        } else {
            skipLeaf();
        }
    }

    private List<Entry> loaded() {
        List<Entry> present = entries;
        if (present == null) {
            present = nodes.entries(space, leaves.get(leaf));
            entries = present;
        }
        return present;
    }

    private static boolean isBefore(String a, String b) {
        return VolumePath.NAME_ORDER.compare(a, b) < 0;
    }
}
