package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Applies one transaction: a pure function of the state, the transaction and its index, so that
/// the same log gives the same state anywhere.
final class TxnApplier {
    private TxnApplier() {}

    /// The first condition that does not hold, as a `CONFLICT` naming its key; null if all do.
    static @Nullable QuernException conflict(FactChanges state, Txn txn) {
        for (Condition condition : txn.conditions()) {
            String expected = expected(state, txn.space(), condition);
            if (expected != null) {
                return QuernException.conflict("fact " + condition.key() + " " + expected);
            }
        }
        return null;
    }

    private static @Nullable String expected(
            FactChanges state, SpaceId space, Condition condition) {
        byte[] value = state.get(FactFormat.key(space, condition.key()));
        boolean holds =
                switch (condition) {
                    case Condition.Absent _ -> value == null;
                    case Condition.Exists _ -> value != null;
                    case Condition.Version(_, long version) ->
                            value != null && FactFormat.version(value) == version;
                };
        if (holds) {
            return null;
        }
        String found = value == null ? "is absent" : "has version " + FactFormat.version(value);
        return switch (condition) {
            case Condition.Absent _ -> "must be absent, " + found;
            case Condition.Exists _ -> "must exist, " + found;
            case Condition.Version(_, long version) ->
                    "must have version " + version + ", " + found;
        };
    }

    /// Adds the changes of a transaction that has no [#conflict].
    static void apply(FactChanges state, Txn txn, long index) {
        List<Mutation> mutations = txn.mutations();
        for (int position = 0; position < mutations.size(); position++) {
            mutate(state, txn.space(), mutations.get(position), index, position);
        }
    }

    private static void mutate(
            FactChanges state, SpaceId space, Mutation mutation, long index, int position) {
        switch (mutation) {
            case Mutation.Put(Key key, byte[] value, List<Key> indexed) ->
                    state.put(FactFormat.key(space, key), FactFormat.value(index, value, indexed));
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
