package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.util.List;

/// Applies one transaction: a pure function of the state, the transaction and its index, so that
/// the same log gives the same state anywhere.
final class TxnApplier {
    private TxnApplier() {}

    /// Adds the transaction's changes, or none.
    ///
    /// @throws QuernException `CONFLICT` naming the first condition that does not hold
    static void apply(FactChanges state, Txn txn, long index) {
        txn.conditions().forEach(condition -> check(state, txn.space(), condition));
        List<Mutation> mutations = txn.mutations();
        for (int position = 0; position < mutations.size(); position++) {
            mutate(state, txn.space(), mutations.get(position), index, position);
        }
    }

    private static void check(FactState state, SpaceId space, Condition condition) {
        byte[] value = state.get(FactFormat.key(space, condition.key()));
        String found = value == null ? "is absent" : "has version " + FactFormat.version(value);
        switch (condition) {
            case Condition.Absent(Key key) ->
                    require(value == null, key, "must be absent, " + found);
            case Condition.Exists(Key key) -> require(value != null, key, "must exist, " + found);
            case Condition.Version(Key key, long version) ->
                    require(
                            value != null && FactFormat.version(value) == version,
                            key,
                            "must have version " + version + ", " + found);
        }
    }

    private static void require(boolean holds, Key key, String expected) {
        if (!holds) {
            throw QuernException.conflict("fact " + key + " " + expected);
        }
    }

    private static void mutate(
            FactChanges state, SpaceId space, Mutation mutation, long index, int position) {
        switch (mutation) {
            case Mutation.Put(Key key, byte[] value) ->
                    state.put(FactFormat.key(space, key), FactFormat.value(index, value));
            case Mutation.Append(Key prefix, byte[] value) -> {
                Key key = prefix.child(Key.number(index)).child(Key.number(position));
                state.put(FactFormat.key(space, key), FactFormat.value(index, value));
            }
            case Mutation.Delete(Key key) -> state.delete(FactFormat.key(space, key));
            case Mutation.DeleteThrough(Key prefix, Key through) -> {
                byte[] from = FactFormat.key(space, prefix);
                byte[] last = FactFormat.key(space, through);
                boolean whole = through.equals(prefix);
                state.deleteRange(
                        from, whole ? FactFormat.afterPrefix(last) : FactFormat.after(last));
            }
        }
    }
}
