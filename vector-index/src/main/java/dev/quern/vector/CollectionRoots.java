package dev.quern.vector;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.RootVisitor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The chunks that collections need: large writes of a tail, then the manifest of each checkpoint,
/// point of a history and snapshot and the files in it; a checkpoint takes the place of the tail
/// that it covers. An open collection reads files of its own and needs no other chunks.
/// Thread-safe.
final class CollectionRoots implements ChunkRoots {
    /// A fact of a tail may have 60 KiB.
    private static final int PAGE = 64;

    private final MetaLog facts;

    CollectionRoots(MetaLog facts) {
        this.facts = facts;
    }

    @Override
    public Set<String> kinds() {
        return Set.of(Keys.DEFINITIONS.components().getFirst());
    }

    @Override
    public void visit(SpaceId space, RootVisitor visitor) {
        Map<String, String> names = new HashMap<>();
        scan(
                space,
                Keys.DEFINITIONS,
                fact -> {
                    Definition definition = DefinitionFormat.decode(space, fact);
                    names.put(definition.id(), definition.name());
                });
        scan(space, Keys.TAILS, fact -> tail(names, fact, visitor));
        // A branch takes its files from a checkpoint, a point or a snapshot, a snapshot from a
        // checkpoint or a point, a rollback from a point or a snapshot: whatever took place
        // meanwhile, one of these finds them.
        scan(space, Keys.CHECKPOINTS, fact -> checkpoint(names, fact, visitor));
        scan(space, Keys.HISTORIES, fact -> point(names, fact, visitor));
        scan(space, Keys.SNAPSHOTS, fact -> snapshot(names, fact, visitor));
        scan(space, Keys.CHECKPOINTS, fact -> checkpoint(names, fact, visitor));
    }

    private void scan(SpaceId space, Key prefix, Consumer<MetaLog.Fact> consumer) {
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, prefix, after, PAGE);
            page.forEach(consumer);
            after = page.isEmpty() ? after : Optional.of(page.getLast().key());
        } while (page.size() == PAGE);
    }

    /// The collection of a fact whose key has the collection's id in third place.
    private static String collection(Map<String, String> names, MetaLog.Fact fact) {
        String id = fact.key().components().get(2);
        return "collection " + names.getOrDefault(id, id);
    }

    private static void tail(Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        if (TailFormat.decode(fact.value()).entry()
                instanceof TailFormat.Entry.InChunks(List<ChunkId> ids)) {
            String what = collection(names, fact) + ", write " + Keys.token(fact.key());
            ids.forEach(id -> visitor.chunk(id, () -> what));
        }
    }

    private static void checkpoint(
            Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        String what = collection(names, fact) + ", checkpoint";
        files(what, CheckpointFormat.decode(fact.value()).manifest(), visitor);
    }

    private static void point(Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        HistoryFormat.Point point = HistoryFormat.decode(fact);
        String what = collection(names, fact) + ", history at " + point.token();
        point.schemaBefore().ifPresent(id -> visitor.chunk(id, () -> what + " schema"));
        point.checkpoint().ifPresent(checkpoint -> files(what, checkpoint.manifest(), visitor));
    }

    private static void snapshot(
            Map<String, String> names, MetaLog.Fact fact, RootVisitor visitor) {
        SnapshotFormat.Kept kept = SnapshotFormat.decode(fact);
        String what = collection(names, fact) + ", snapshot " + kept.name();
        visitor.chunk(kept.schema(), () -> what + " schema");
        files(what, kept.checkpoint().manifest(), visitor);
    }

    private static void files(String what, ChunkId manifestId, RootVisitor visitor) {
        visitor.node(
                manifestId,
                () -> what + " manifest",
                manifest -> {
                    for (CheckpointFormat.SavedFile file :
                            CheckpointFormat.decodeManifest(manifest)) {
                        file.pieces()
                                .forEach(id ->
                                        visitor.chunk(id, () -> what + " file " + file.name()));
                    }
                });
    }
}
