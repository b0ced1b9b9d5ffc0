package dev.quern.volume;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.RootVisitor;
import dev.quern.volume.DirectoryNode.Index;
import dev.quern.volume.DirectoryNode.Leaf;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The chunks that volumes need: what sessions have staged, every commit of every history with its
/// tree, and what is being read. In this order: a commit moves what was staged into a tree, and
/// what is read came from a tree. Thread-safe.
final class VolumeRoots implements ChunkRoots {
    private static final int PAGE = 500;

    private final MetaLog facts;
    private final OpenReads reads;

    VolumeRoots(MetaLog facts, OpenReads reads) {
        this.facts = facts;
        this.reads = reads;
    }

    @Override
    public Set<String> kinds() {
        return Set.of("volume", "volume-ref", "volume-commit", "volume-stage");
    }

    @Override
    public void visit(SpaceId space, RootVisitor visitor) {
        Map<String, String> names = new HashMap<>();
        scan(
                space,
                "volume",
                fact -> {
                    String name = fact.key().last();
                    names.put(VolumeFormat.decode(name, fact.version(), fact.value()).id(), name);
                });
        scan(space, "volume-stage", fact -> staged(names, fact, visitor));
        scan(space, "volume-commit", fact -> commit(names, fact, visitor));
        scan(space, "volume-ref", fact -> head(names, fact, visitor));
        for (OpenReads.Read read : reads.of(space)) {
            switch (read) {
                case OpenReads.File file ->
                        content("open file " + file.path, file.content, visitor);
                case OpenReads.Tree tree ->
                        directory(new Place("open tree", VolumePath.ROOT), tree.root, visitor);
            }
        }
    }

    private void scan(SpaceId space, String kind, Consumer<MetaLog.Fact> consumer) {
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, Key.of(kind), after, PAGE);
            page.forEach(consumer);
            after = page.isEmpty() ? after : Optional.of(page.getLast().key());
        } while (page.size() == PAGE);
    }

    /// The volume of a fact whose key has the volume's id in second place.
    private static String volume(Map<String, String> names, MetaLog.Fact fact) {
        String id = fact.key().components().get(1);
        return "volume " + names.getOrDefault(id, id);
    }

    private static void staged(Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        String session = fact.key().components().get(2);
        if (StagedFormat.decode(fact.value(), session) instanceof StagedFormat.Put put) {
            String what = volume(names, fact) + ", session " + session + ", " + put.path();
            content(what, put.content(), visitor);
        }
    }

    private static void commit(Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        commit(volume(names, fact), new CommitId(fact.key().last()), visitor);
    }

    private static void head(Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        String volume = volume(names, fact);
        commit(volume, VolumeFormat.decodeRef(volume, fact.value()), visitor);
    }

    private static void commit(String volume, CommitId id, RootVisitor visitor) {
        String what = volume + ", commit " + id;
        visitor.node(
                id.chunk(),
                () -> what,
                bytes ->
                        directory(
                                new Place(what, VolumePath.ROOT),
                                CommitFormat.decode(bytes, id).root(),
                                visitor));
    }

    /// Where a node is.
    private record Place(String tree, VolumePath path) {
        Place child(String name) {
            return new Place(tree, path.child(name));
        }

        @Override
        public String toString() {
            return tree + ", " + (path.isRoot() ? "root directory" : path.toString());
        }
    }

    private static void directory(Place place, ChunkId id, RootVisitor visitor) {
        visitor.node(
                id,
                () -> place + (place.path.isRoot() ? "" : "/"),
                bytes -> {
                    switch (DirectoryFormat.decode(bytes, id)) {
                        case Index index ->
                                index.leaves()
                                        .forEach(leaf -> directory(place, leaf.id(), visitor));
                        case Leaf leaf -> leaf.entries().forEach(e -> entry(place, e, visitor));
                    }
                });
    }

    private static void entry(Place directory, Entry entry, RootVisitor visitor) {
        Place place = directory.child(entry.name());
        switch (entry) {
            case Entry.Directory child -> directory(place, child.node(), visitor);
            case Entry.File file -> content(place, file.content(), visitor);
        }
    }

    private static void content(Object place, Content content, RootVisitor visitor) {
        if (content.listed()) {
            list(place, content.hash(), visitor);
        } else if (content.sizeBytes() > 0) {
            visitor.chunk(content.hash(), place::toString);
        }
    }

    private static void list(Object place, ChunkId id, RootVisitor visitor) {
        visitor.node(
                id,
                place::toString,
                bytes -> {
                    ChunkListFormat.Node node = ChunkListFormat.decode(bytes, id);
                    for (ChunkListFormat.Child child : node.children()) {
                        if (node.level() == 0) {
                            visitor.chunk(child.id(), place::toString);
                        } else {
                            list(place, child.id(), visitor);
                        }
                    }
                });
    }
}
