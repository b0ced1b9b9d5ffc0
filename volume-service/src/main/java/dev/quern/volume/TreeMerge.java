package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.volume.DirectoryWriter.Written;
import dev.quern.volume.StagedFormat.Put;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where staged changes meet a tree: what they make of it, and whether they fit. A directory that
/// they do not reach is shared as it is; of a long directory that they reach, so are the leaves
/// that they do not reach. A directory is there as long as a file is in it. Not thread-safe.
final class TreeMerge {
    private final NodeStore nodes;
    private final SpaceId space;

    TreeMerge(NodeStore nodes, SpaceId space) {
        this.nodes = nodes;
        this.space = space;
    }

    /// Writes the directories that the changes make of a tree.
    ///
    /// @throws QuernException `CONFLICT` naming the path if a file would have to be a directory as
    ///   well
    Written apply(ChunkId root, StagedTree.Node changes) {
        Optional<ChunkId> base = changes.isCleared() ? Optional.empty() : Optional.of(root);
        return directory(base, changes, VolumePath.ROOT);
    }

    private Written directory(Optional<ChunkId> base, StagedTree.Node node, VolumePath path) {
        DirectoryWriter writer = new DirectoryWriter(nodes, space, path);
        @Nullable EntryCursor cursor =
                base.isEmpty() ? null : new EntryCursor(nodes, space, base.get());
        for (Map.Entry<String, StagedTree.Node> change : node.children().entrySet()) {
            String name = change.getKey();
            Optional<Entry> old = Optional.empty();
            if (cursor != null) {
                copyBefore(cursor, writer, name);
                if (!cursor.isDone() && cursor.peekName().equals(name)) {
                    old = Optional.of(cursor.take());
                }
            }
            entry(old, name, change.getValue(), path.child(name)).ifPresent(writer::add);
        }
        if (cursor != null) {
            copyRest(cursor, writer);
        }
        return writer.finish();
    }

    private static void copyBefore(EntryCursor cursor, DirectoryWriter writer, String name) {
        while (!cursor.isDone() && VolumePath.NAME_ORDER.compare(cursor.peekName(), name) < 0) {
            if (cursor.isAtLeafStart() && writer.isAtLeafStart() && cursor.endsLeafBefore(name)) {
                writer.addLeaf(cursor.leaf());
                cursor.skipLeaf();
            } else {
                writer.add(cursor.take());
            }
        }
    }

    private static void copyRest(EntryCursor cursor, DirectoryWriter writer) {
        while (!cursor.isDone()) {
            if (cursor.isAtLeafStart() && writer.isAtLeafStart()) {
                writer.addLeaf(cursor.leaf());
                cursor.skipLeaf();
            } else {
                writer.add(cursor.take());
            }
        }
    }

    /// What becomes of one entry; empty when nothing is there afterwards.
    private Optional<Entry> entry(
            Optional<Entry> old, String name, StagedTree.Node node, VolumePath path) {
        Optional<Entry> base = node.isCleared() ? Optional.empty() : old;
        Put put = node.put();
        if (put == null) {
            if (node.children().isEmpty()) {
                return base;
            }
            if (base.isPresent() && base.get() instanceof Entry.File) {
                if (node.hasPutsBelow()) {
                    throw isFile(path, firstPut(node, path));
                }
                return base;
            }
            Written written = directory(nodeOf(base), node, path);
            return written.files() == 0 ? Optional.empty() : Optional.of(written.named(name));
        }
        if (node.hasPutsBelow()) {
            throw isFile(path, firstPut(node, path));
        }
        if (base.isPresent() && base.get() instanceof Entry.Directory directory) {
            long left = count(Optional.of(directory), node);
            if (left > 0) {
                throw isDirectory(path, left);
            }
        }
        Entry.File file = new Entry.File(name, put.content(), put.modifiedAtMillis());
        // The old entry keeps its time, so that putting the same bytes again changes nothing.
        boolean same =
                base.isPresent()
                        && base.get() instanceof Entry.File before
                        && before.content().equals(file.content());
        return same ? base : Optional.of(file);
    }

    /// Checks that a file could be put at a path after the changes.
    ///
    /// @throws QuernException `CONFLICT` if the path is a directory, or would lie in a file
    void requireRoomForFile(ChunkId root, StagedTree.Node changes, VolumePath path) {
        Spot spot = Spot.root(root, changes);
        VolumePath at = VolumePath.ROOT;
        for (String name : path.components()) {
            if (spot.isFile()) {
                throw isFile(at, path);
            }
            spot = child(spot, name);
            at = at.child(name);
        }
        if (!spot.isFile()) {
            long files = count(spot.base, spot.node);
            if (files > 0) {
                throw isDirectory(path, files);
            }
        }
    }

    /// Files at and below a path after the changes, and whether it is a file itself.
    ///
    /// @param files 0 if nothing is there
    /// @param isFile whether the path is a file
    record Extent(long files, boolean isFile) {}

    /// How much lies at a path after the changes.
    Extent extent(ChunkId root, StagedTree.Node changes, VolumePath path) {
        Spot spot = Spot.root(root, changes);
        for (String name : path.components()) {
            if (spot.isFile()) {
                return new Extent(0, false);
            }
            spot = child(spot, name);
        }
        return spot.isFile() ? new Extent(1, true) : new Extent(count(spot.base, spot.node), false);
    }

    /// A path in the tree and in the changes at once.
    ///
    /// @param base what the tree has there and the changes have not cleared
    /// @param node what the changes do there; null for nothing
    private record Spot(Optional<Entry> base, StagedTree.@Nullable Node node) {
        static Spot root(ChunkId root, StagedTree.Node changes) {
            Optional<Entry> base =
                    changes.isCleared()
                            ? Optional.empty()
                            : Optional.of(new Entry.Directory("", root, 0, 0));
            return new Spot(base, changes);
        }

        boolean isFile() {
            return (node != null && node.put() != null)
                    || (base.isPresent()
                            && base.get() instanceof Entry.File
                            && (node == null || !node.hasPutsBelow()));
        }
    }

    private Spot child(Spot parent, String name) {
        StagedTree.Node node = parent.node == null ? null : parent.node.children().get(name);
        boolean cleared = node != null && node.isCleared();
        Optional<Entry> base =
                cleared
                        ? Optional.empty()
                        : nodeOf(parent.base).flatMap(id -> nodes.child(space, id, name));
        return new Spot(base, node);
    }

    /// Files below a place after the changes.
    private long count(Optional<Entry> base, StagedTree.@Nullable Node node) {
        long files = base.isEmpty() ? 0 : filesOf(base.get());
        if (node == null) {
            return files;
        }
        Spot here = new Spot(base, node);
        for (Map.Entry<String, StagedTree.Node> change : node.children().entrySet()) {
            Optional<Entry> old =
                    nodeOf(base).flatMap(id -> nodes.child(space, id, change.getKey()));
            Spot there = child(here, change.getKey());
            files -= old.isEmpty() ? 0 : filesOf(old.get());
            files += there.isFile() ? 1 : count(there.base, there.node);
        }
        return files;
    }

    /// Files of an entry; of the root, which no entry counts, by its leaves.
    private long filesOf(Entry entry) {
        if (entry instanceof Entry.Directory directory && directory.name().isEmpty()) {
            return nodes.leaves(space, directory.node()).stream()
                    .mapToLong(DirectoryNode.LeafRef::files)
                    .sum();
        }
        return entry.files();
    }

    private static Optional<ChunkId> nodeOf(Optional<Entry> entry) {
        return entry.isPresent() && entry.get() instanceof Entry.Directory directory
                ? Optional.of(directory.node())
                : Optional.empty();
    }

    private static VolumePath firstPut(StagedTree.Node node, VolumePath path) {
        Iterator<Map.Entry<String, StagedTree.Node>> children =
                node.children().entrySet().iterator();
        while (children.hasNext()) {
            Map.Entry<String, StagedTree.Node> child = children.next();
            if (child.getValue().hasPuts()) {
                VolumePath childPath = path.child(child.getKey());
                return child.getValue().put() != null
                        ? childPath
                        : firstPut(child.getValue(), childPath);
            }
        }
        return path;
    }

    private static QuernException isFile(VolumePath file, VolumePath below) {
        return QuernException.conflict(
                "cannot put \"" + below + "\": \"" + file + "\" is a file, not a directory");
    }

    private static QuernException isDirectory(VolumePath path, long files) {
        return QuernException.conflict(
                "cannot put \"" + path + "\": it is a directory of " + files + " files");
    }
}
