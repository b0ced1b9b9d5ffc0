package dev.quern.volume;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.volume.DirectoryNode.Index;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.DirectoryNode.LeafRef;
import java.util.ArrayList;
import java.util.List;

/// Writes the nodes of one directory from its entries in name order, by the cutting rule of
/// [DirectoryFormat]. Not thread-safe.
final class DirectoryWriter {
    private final NodeStore nodes;
    private final SpaceId space;
    private final VolumePath path;
    private final List<LeafRef> leaves = new ArrayList<>();
    private final List<Entry> open = new ArrayList<>();

    /// Starts an empty directory.
    ///
    /// @param path of the directory, for messages
    DirectoryWriter(NodeStore nodes, SpaceId space, VolumePath path) {
        this.nodes = nodes;
        this.space = space;
        this.path = path;
    }

    /// What was written.
    ///
    /// @param node the directory's node
    /// @param files files in it, at any depth; none exactly if it is empty
    /// @param sizeBytes bytes of these files
    record Written(ChunkId node, long files, long sizeBytes) {
        Entry.Directory named(String name) {
            return new Entry.Directory(name, node, files, sizeBytes);
        }
    }

    void add(Entry entry) {
        open.add(entry);
        if (DirectoryFormat.endsLeaf(entry.name(), open.size())) {
            endLeaf();
        }
    }

    /// Whether the next entry starts a leaf.
    boolean isAtLeafStart() {
        return open.isEmpty();
    }

    /// Adds a leaf as it is. It must be one that the cutting rule would make here.
    void addLeaf(LeafRef leaf) {
        leaves.add(leaf);
    }

    /// Ends the directory.
    Written finish() {
        if (!open.isEmpty()) {
            endLeaf();
        }
        long files = 0;
        long sizeBytes = 0;
        for (LeafRef leaf : leaves) {
            files += leaf.files();
            sizeBytes += leaf.sizeBytes();
        }
        return new Written(root(), files, sizeBytes);
    }

    private ChunkId root() {
        return switch (leaves.size()) {
            case 0 -> nodes.write(space, new Leaf(List.of()), path);
            case 1 -> leaves.getFirst().id();
            default -> nodes.write(space, new Index(leaves), path);
        };
    }

    private void endLeaf() {
        Leaf leaf = new Leaf(open);
        leaves.add(leaf.ref(nodes.write(space, leaf, path)));
        open.clear();
    }
}
