package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.volume.DirectoryWriter.Written;
import dev.quern.volume.StagedFormat.Put;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes the tree that staged changes make of another. A directory that they do not reach is
/// shared as it is; of a long directory that they reach, so are the leaves that they do not reach.
/// A directory is there as long as a file is in it. Not thread-safe.
final class TreeMerge {
    private final NodeStore nodes;
    private final SpaceId space;
    private final ChunkId root;
    private final StagedTree.Node changes;

    TreeMerge(NodeStore nodes, SpaceId space, ChunkId root, StagedTree.Node changes) {
        this.nodes = nodes;
        this.space = space;
        this.root = root;
        this.changes = changes;
    }

    /// Writes the directories that differ from the old tree's.
    ///
    /// @throws QuernException `CONFLICT` naming the path if a file would have to be a directory as
    ///   well
    Written write() {
        Optional<Entry> base = Optional.of(new Entry.Directory("", root, 0, 0));
        return directory(Entry.Directory.nodeOf(changes.left(base)), changes, VolumePath.ROOT);
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
            copy(cursor, writer, cursor.endsLeafBefore(name));
        }
    }

    private static void copyRest(EntryCursor cursor, DirectoryWriter writer) {
        while (!cursor.isDone()) {
            copy(cursor, writer, true);
        }
    }

    /// Copies the present leaf whole if both sides are at a start, else the present entry.
    private static void copy(EntryCursor cursor, DirectoryWriter writer, boolean wholeLeaf) {
        if (wholeLeaf && cursor.isAtLeafStart() && writer.isAtLeafStart()) {
            writer.addLeaf(cursor.leaf());
            cursor.skipLeaf();
        } else {
            writer.add(cursor.take());
        }
    }

    /// What becomes of one entry; empty when nothing is there afterwards.
    private Optional<Entry> entry(
            Optional<Entry> old, String name, StagedTree.Node node, VolumePath path) {
        Optional<Entry> base = node.left(old);
        Put put = node.put();
        if (put != null) {
            return Optional.of(file(base, put, node));
        }
        if (node.children().isEmpty()) {
            return base;
        }
        if (base.isPresent() && base.get() instanceof Entry.File) {
            if (node.hasPutsBelow()) {
                throw StagedView.isFile(path, node.firstPutBelow());
            }
            return base;
        }
        Written written = directory(Entry.Directory.nodeOf(base), node, path);
        return written.files() == 0 ? Optional.empty() : Optional.of(written.named(name));
    }

    private Entry file(Optional<Entry> base, Put put, StagedTree.Node node) {
        VolumePath path = put.path();
        if (node.hasPutsBelow()) {
            throw StagedView.isFile(path, node.firstPutBelow());
        }
        long files = new StagedView(nodes, space, root, changes).countBelow(base, node);
        if (files > 0) {
            throw StagedView.isDirectory(path, files);
        }
        // The old entry keeps its time, so that putting the same bytes again changes nothing.
        if (base.isPresent()
                && base.get() instanceof Entry.File before
                && before.content().equals(put.content())) {
            return before;
        }
        return new Entry.File(path.name(), put.content(), put.modifiedAtMillis());
    }
}
