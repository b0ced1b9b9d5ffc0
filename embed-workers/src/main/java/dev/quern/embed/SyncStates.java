package dev.quern.embed;

import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The sync states of one collection, as facts. A state is written only on top of the one that was
/// read, so of two writers the slower gets `CONFLICT`.
final class SyncStates {
    /// The first component of its keys.
    static final String KIND = "embed";

    /// Then comes the collection's id.
    static final Key PREFIX = Key.of(KIND, "sync");

    private static final int MAX_VOLUMES = 1_000;

    private final MetaLog facts;
    private final SpaceId space;
    private final Key prefix;

    SyncStates(MetaLog facts, SpaceId space, String collectionId) {
        this.facts = facts;
        this.space = space;
        this.prefix = PREFIX.child(collectionId);
    }

    Optional<Stored> find(String volumeId) {
        return facts.find(space, prefix.child(volumeId)).map(SyncStates::stored);
    }

    List<Stored> all() {
        List<Stored> all = new ArrayList<>();
        facts.scan(space, prefix, Optional.empty(), MAX_VOLUMES)
                .forEach(fact -> all.add(stored(fact)));
        return all;
    }

    /// Writes a volume's first state.
    Stored create(String volumeId, SyncState state) {
        Key key = prefix.child(volumeId);
        return commit(Txn.in(space).when(new Txn.Condition.Absent(key)), key, state);
    }

    Stored replace(Stored before, SyncState state) {
        return commit(
                Txn.in(space).when(new Txn.Condition.Version(before.key(), before.version())),
                before.key(),
                state);
    }

    void remove(Stored state) {
        facts.commit(
                Txn.in(space)
                        .when(new Txn.Condition.Version(state.key(), state.version()))
                        .delete(state.key())
                        .build());
    }

    private Stored commit(Txn.Builder txn, Key key, SyncState state) {
        long version = facts.commit(txn.put(key, SyncStateFormat.encode(state)).build());
        return new Stored(key, version, state);
    }

    private static Stored stored(MetaLog.Fact fact) {
        return new Stored(
                fact.key(),
                fact.version(),
                SyncStateFormat.decode(fact.value(), "fact " + fact.key().components()));
    }

    /// A state as it was read or written.
    ///
    /// @param key its fact
    /// @param version the fact's version
    /// @param state the state
    record Stored(Key key, long version, SyncState state) {
        String volumeId() {
            return key.last();
        }
    }
}
