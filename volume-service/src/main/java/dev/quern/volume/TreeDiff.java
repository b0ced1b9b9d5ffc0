package dev.quern.volume;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.volume.FileChange.Kind;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Compares two trees, in path order, going only where their hashes differ. Keeps two leaves for
/// each level in memory. Not thread-safe.
final class TreeDiff {
    private final NodeStore nodes;
    private final SpaceId space;
    private final Consumer<FileChange> consumer;

    TreeDiff(NodeStore nodes, SpaceId space, Consumer<FileChange> consumer) {
        this.nodes = nodes;
        this.space = space;
        this.consumer = consumer;
    }

    /// Tells the consumer every file that differs between two root directories.
    ///
    /// @param from empty to compare with nothing
    void compare(Optional<ChunkId> from, ChunkId to) {
        if (from.isEmpty()) {
            all(TreeWalk.root(to), Kind.ADDED);
        } else {
            directories(VolumePath.ROOT, from.get(), to);
        }
    }

    private void directories(VolumePath path, ChunkId from, ChunkId to) {
        if (from.equals(to)) {
            return;
        }
        EntryCursor old = new EntryCursor(nodes, space, from);
        EntryCursor young = new EntryCursor(nodes, space, to);
        while (!old.isDone() || !young.isDone()) {
            if (old.isAtLeafStart()
                    && young.isAtLeafStart()
                    && old.leaf().id().equals(young.leaf().id())) {
                old.skipLeaf();
                young.skipLeaf();
                continue;
            }
            int order = order(old, young);
            Entry before = order <= 0 ? old.take() : null;
            Entry after = order >= 0 ? young.take() : null;
            entries(path, before, after);
        }
    }

    private static int order(EntryCursor old, EntryCursor young) {
        if (old.isDone()) {
            return 1;
        }
        return young.isDone()
                ? -1
                : VolumePath.NAME_ORDER.compare(old.peekName(), young.peekName());
    }

    private void entries(VolumePath directory, @Nullable Entry before, @Nullable Entry after) {
        if (before instanceof Entry.File a && after instanceof Entry.File b) {
            if (!a.content().equals(b.content())) {
                VolumePath path = directory.child(a.name());
                consumer.accept(
                        new FileChange(
                                path,
                                Kind.MODIFIED,
                                Optional.of(a.info(path)),
                                Optional.of(b.info(path))));
            }
        } else if (before instanceof Entry.Directory a && after instanceof Entry.Directory b) {
            directories(directory.child(a.name()), a.node(), b.node());
        } else {
            // A file comes before the files of a directory that takes its place, or took.
            boolean removedFirst = before instanceof Entry.File;
            if (removedFirst) {
                one(directory, before, Kind.REMOVED);
            }
            one(directory, after, Kind.ADDED);
            if (!removedFirst) {
                one(directory, before, Kind.REMOVED);
            }
        }
    }

    private void one(VolumePath directory, @Nullable Entry entry, Kind kind) {
        if (entry != null) {
            TreeWalk.Place place = new TreeWalk.Place(directory.child(entry.name()), entry);
            if (entry instanceof Entry.File) {
                tell(place, kind);
            } else {
                all(place, kind);
            }
        }
    }

    private void all(TreeWalk.Place directory, Kind kind) {
        Iterator<TreeWalk.Place> walk = new TreeWalk(nodes, space, directory, true);
        while (walk.hasNext()) {
            TreeWalk.Place place = walk.next();
            if (place.entry() instanceof Entry.File) {
                tell(place, kind);
            }
        }
    }

    private void tell(TreeWalk.Place place, Kind kind) {
        Optional<FileInfo> info = Optional.of(place.info());
        consumer.accept(
                kind == Kind.ADDED
                        ? new FileChange(place.path(), kind, Optional.empty(), info)
                        : new FileChange(place.path(), kind, info, Optional.empty()));
    }
}
