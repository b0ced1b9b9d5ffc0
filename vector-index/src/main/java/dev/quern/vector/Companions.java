package dev.quern.vector;

import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Facts that other services keep about a collection's rows, under `PREFIX/ID`. They go with the
/// rows: a branch has them under its own id, a snapshot keeps them under `ID@SNAPSHOT`, a rollback
/// brings these back, each in the transaction that does the same to the rows. Thread-safe.
final class Companions {
    /// More, or larger ones, do not fit into a transaction beside the rest, and are left behind.
    private static final int MAX_FACTS = 16;

    private static final int MAX_BYTES = 16 << 10;
    private static final int PAGE = 100;

    private final MetaLog facts;
    private final Set<Key> prefixes = ConcurrentHashMap.newKeySet();

    Companions(MetaLog facts) {
        this.facts = facts;
    }

    void add(Key prefix) {
        prefixes.add(prefix);
    }

    /// What the facts of a snapshot lie under, in place of the collection's id.
    static String owner(Definition definition, String snapshot) {
        return definition.id() + "@" + snapshot;
    }

    /// The facts of a collection or a snapshot.
    List<MetaLog.Fact> read(SpaceId space, String owner) {
        List<MetaLog.Fact> all = new ArrayList<>();
        for (Key prefix : prefixes) {
            all.addAll(facts.scan(space, prefix.child(owner), Optional.empty(), MAX_FACTS + 1));
        }
        long bytes = all.stream().mapToLong(fact -> fact.value().length).sum();
        return all.size() > MAX_FACTS || bytes > MAX_BYTES ? List.of() : all;
    }

    /// Adds the condition that facts are as they were read.
    static void requireUnchanged(Txn.Builder txn, List<MetaLog.Fact> read) {
        read.forEach(fact -> txn.when(new Txn.Condition.Version(fact.key(), fact.version())));
    }

    /// Adds that another has the same facts.
    void put(Txn.Builder txn, List<MetaLog.Fact> read, String owner) {
        for (MetaLog.Fact fact : read) {
            for (Key prefix : prefixes) {
                if (fact.key().startsWith(prefix)) {
                    List<String> parts = fact.key().components();
                    Key key = prefix.child(owner);
                    for (String part :
                            parts.subList(prefix.components().size() + 1, parts.size())) {
                        key = key.child(part);
                    }
                    txn.put(key, fact.value());
                }
            }
        }
    }

    /// Deletes those of all snapshots of a collection that is about to be deleted itself.
    void deleteOfSnapshots(Definition definition) {
        Key snapshots = Keys.snapshots(definition.id());
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(definition.space(), snapshots, after, PAGE);
            Txn.Builder txn = Txn.in(definition.space());
            page.forEach(snapshot -> delete(txn, owner(definition, snapshot.key().last())));
            if (!page.isEmpty() && !prefixes.isEmpty()) {
                facts.commit(txn.build());
            }
            after = page.isEmpty() ? after : Optional.of(page.getLast().key());
        } while (page.size() == PAGE);
    }

    /// Adds that an owner has none.
    void delete(Txn.Builder txn, String owner) {
        for (Key prefix : prefixes) {
            Key own = prefix.child(owner);
            txn.then(new Txn.Mutation.DeleteThrough(own, own));
        }
    }
}
