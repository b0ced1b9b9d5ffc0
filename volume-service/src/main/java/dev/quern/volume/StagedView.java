package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.volume.DirectoryNode.LeafRef;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A tree as staged changes would make it, without writing it. Not thread-safe.
final class StagedView {
    private final NodeStore nodes;
    private final SpaceId space;
    private final Spot root;

    StagedView(NodeStore nodes, SpaceId space, ChunkId root, StagedTree.Node changes) {
        this.nodes = nodes;
        this.space = space;
        Optional<Entry> base = Optional.of(new Entry.Directory("", root, 0, 0));
        this.root = new Spot(changes.left(base), changes);
    }

    /// A path in the tree and in the changes at once.
    ///
    /// @param base what the tree has there and the changes have not removed
    /// @param node what the changes do there; null for nothing
    private record Spot(Optional<Entry> base, StagedTree.@Nullable Node node) {
        boolean isFile() {
            return (node != null && node.put() != null)
                    || (base.isPresent() && base.get() instanceof Entry.File);
        }

        /// Whether it is a file, and not also a directory of staged files, as can be when the head
        /// has moved since they were staged.
        boolean isOnlyFile() {
            return isFile() && (node == null || !node.hasPutsBelow());
        }
    }

    /// Checks that a file could be put at a path.
    ///
    /// @throws QuernException `CONFLICT` if the path is a directory, or would lie in a file
    void requireRoomForFile(VolumePath path) {
        Spot spot = root;
        VolumePath at = VolumePath.ROOT;
        for (String name : path.components()) {
            if (spot.isFile()) {
                throw isFile(at, path);
            }
            spot = child(spot, name);
            at = at.child(name);
        }
        long files = countBelow(spot.base, spot.node);
        if (files > 0) {
            throw isDirectory(path, files);
        }
    }

    /// How much lies at a path.
    ///
    /// @param files files at and below it, 0 if nothing is there
    /// @param isFile whether the path is a file itself
    record Extent(long files, boolean isFile) {}

    Extent extent(VolumePath path) {
        Spot spot = root;
        for (String name : path.components()) {
            if (spot.isOnlyFile()) {
                return new Extent(0, false);
            }
            spot = child(spot, name);
        }
        return new Extent(count(spot), spot.isFile());
    }

    /// Files that are in a directory after the changes; 0 where there is none.
    ///
    /// @param base what the tree has there and the changes have not removed
    /// @param node what the changes do there; null for nothing
    long countBelow(Optional<Entry> base, StagedTree.@Nullable Node node) {
        Optional<ChunkId> directory = Entry.Directory.nodeOf(base);
        long files = directory.isEmpty() ? 0 : filesOf(base.get());
        if (node != null) {
            for (Map.Entry<String, StagedTree.Node> change : node.children().entrySet()) {
                Optional<Entry> old =
                        directory.flatMap(id -> nodes.child(space, id, change.getKey()));
                files -= old.isEmpty() ? 0 : filesOf(old.get());
                files += count(new Spot(change.getValue().left(old), change.getValue()));
            }
        }
        return files;
    }

    private long count(Spot spot) {
        return (spot.isFile() ? 1 : 0) + countBelow(spot.base, spot.node);
    }

    private Spot child(Spot parent, String name) {
        StagedTree.Node node = parent.node == null ? null : parent.node.children().get(name);
        Optional<Entry> base =
                Entry.Directory.nodeOf(parent.base).flatMap(id -> nodes.child(space, id, name));
        return new Spot(node == null ? base : node.left(base), node);
    }

    /// Files of an entry; of the root, which no entry counts, by its leaves.
    private long filesOf(Entry entry) {
        if (entry instanceof Entry.Directory directory && directory.name().isEmpty()) {
            return nodes.leaves(space, directory.node()).stream().mapToLong(LeafRef::files).sum();
        }
        return entry.files();
    }

    static QuernException isFile(VolumePath file, VolumePath below) {
        return QuernException.conflict(
                "cannot put \"" + below + "\": \"" + file + "\" is a file, not a directory");
    }

    static QuernException isDirectory(VolumePath path, long files) {
        return QuernException.conflict(
                "cannot put \"" + path + "\": it is a directory of " + files + " files");
    }
}
