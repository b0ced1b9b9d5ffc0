package dev.quern.volume;

import dev.quern.volume.StagedFormat.Change;
import dev.quern.volume.StagedFormat.Put;
import dev.quern.volume.StagedFormat.Remove;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a session's staged changes, taken in order, do to a tree. Taking a change never fails:
/// whether the result fits a tree is seen when it meets one (see [StagedView] and [TreeMerge]). Not
/// thread-safe.
final class StagedTree {
    private final Node root = new Node();

    private enum Cleared {
        NOTHING,
        FILE,
        ALL
    }

    /// What happens at a path and below it.
    static final class Node {
        private Cleared cleared = Cleared.NOTHING;
        private @Nullable Put put;
        private NavigableMap<String, Node> children = Collections.emptyNavigableMap();

        /// What is left of what the base tree has here when removals are done.
        Optional<Entry> left(Optional<Entry> base) {
            return switch (cleared) {
                case NOTHING -> base;
                case FILE -> base.filter(entry -> entry instanceof Entry.Directory);
                case ALL -> Optional.empty();
            };
        }

        /// The file that is put here; null when none is.
        @Nullable Put put() {
            return put;
        }

        /// What happens in the directory here.
        NavigableMap<String, Node> children() {
            return children;
        }

        /// Whether a file is put here or below.
        boolean hasPuts() {
            return put != null || hasPutsBelow();
        }

        /// Whether a file is put below.
        boolean hasPutsBelow() {
            return children.values().stream().anyMatch(Node::hasPuts);
        }

        /// A file that is put below; one must be.
        VolumePath firstPutBelow() {
            for (Node child : children.values()) {
                if (child.put != null) {
                    return child.put.path();
                }
                if (child.hasPutsBelow()) {
                    return child.firstPutBelow();
                }
            }
            throw new AssertionError("no file is put below");
        }

        private Node child(String name) {
            if (children.isEmpty()) {
                children = new TreeMap<>(VolumePath.NAME_ORDER);
            }
            return children.computeIfAbsent(name, _ -> new Node());
        }
    }

    Node root() {
        return root;
    }

    void apply(Change change) {
        Node node = root;
        for (String name : change.path().components()) {
            node = node.child(name);
        }
        switch (change) {
            case Put put -> node.put = put;
            case Remove remove -> {
                node.put = null;
                if (remove.recursive()) {
                    node.cleared = Cleared.ALL;
                    node.children = Collections.emptyNavigableMap();
                } else if (node.cleared == Cleared.NOTHING) {
                    node.cleared = Cleared.FILE;
                }
            }
        }
    }

    /// Both lists that [StagedChanges] has.
    StagedChanges changes(String session) {
        List<VolumePath> puts = new ArrayList<>();
        List<VolumePath> removes = new ArrayList<>();
        collect(root, VolumePath.ROOT, puts, removes);
        return new StagedChanges(session, puts, removes);
    }

    private static void collect(
            Node node, VolumePath path, List<VolumePath> puts, List<VolumePath> removes) {
        if (node.put != null) {
            puts.add(path);
        } else if (node.cleared != Cleared.NOTHING) {
            removes.add(path);
        }
        node.children.forEach((name, child) -> collect(child, path.child(name), puts, removes));
    }
}
