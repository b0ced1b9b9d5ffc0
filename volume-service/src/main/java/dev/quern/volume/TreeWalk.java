package dev.quern.volume;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// Goes through everything in a directory, at any depth, in path order: a directory directly before
/// what lies in it. Keeps one leaf for each level in memory. Not thread-safe.
final class TreeWalk implements Iterator<TreeWalk.Place> {
    private final NodeStore nodes;
    private final SpaceId space;
    private final boolean recursive;
    private final Deque<Level> levels = new ArrayDeque<>();

    private record Level(VolumePath path, EntryCursor cursor) {}

    /// An entry and where it is.
    record Place(VolumePath path, Entry entry) {
        FileInfo info() {
            return entry.info(path);
        }
    }

    /// Starts at the first entry.
    ///
    /// @param recursive false for the directory's own entries only
    TreeWalk(NodeStore nodes, SpaceId space, Place directory, boolean recursive) {
        this(nodes, space, recursive);
        enter(directory);
    }

    private TreeWalk(NodeStore nodes, SpaceId space, boolean recursive) {
        this.nodes = nodes;
        this.space = space;
        this.recursive = recursive;
    }

    /// Starts at the first entry that comes after `after` in path order.
    static TreeWalk after(
            NodeStore nodes, SpaceId space, Place directory, boolean recursive, VolumePath after) {
        TreeWalk walk = new TreeWalk(nodes, space, recursive);
        if (after.compareTo(directory.path) <= 0) {
            walk.enter(directory);
        } else if (after.isWithin(directory.path)) {
            int depth = directory.path.components().size();
            List<String> names = after.components();
            walk.enterAfter(directory, names.subList(depth, names.size()));
        }
        return walk;
    }

    private void enterAfter(Place start, List<String> names) {
        Place directory = start;
        for (String name : names) {
            EntryCursor cursor = enter(directory);
            cursor.seek(name);
            if (cursor.isDone() || !cursor.peekName().equals(name)) {
                return;
            }
            Entry entry = cursor.take();
            if (!recursive || !(entry instanceof Entry.Directory)) {
                return;
            }
            directory = new Place(directory.path.child(name), entry);
        }
        enter(directory);
    }

    @Override
    public boolean hasNext() {
        while (!levels.isEmpty() && levels.peek().cursor.isDone()) {
            levels.pop();
        }
        return !levels.isEmpty();
    }

    @Override
    public Place next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Level level = levels.element();
        Entry entry = level.cursor.take();
        Place place = new Place(level.path.child(entry.name()), entry);
        if (recursive && entry instanceof Entry.Directory) {
            enter(place);
        }
        return place;
    }

    /// The place of a root directory.
    static Place root(ChunkId node) {
        return new Place(VolumePath.ROOT, new Entry.Directory("", node, 0, 0));
    }

    private EntryCursor enter(Place directory) {
        ChunkId node = ((Entry.Directory) directory.entry).node();
        EntryCursor cursor = new EntryCursor(nodes, space, node);
        levels.push(new Level(directory.path, cursor));
        return cursor;
    }
}
