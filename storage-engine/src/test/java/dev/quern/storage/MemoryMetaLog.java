package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A MetaLog in memory, for tests: the plainest reading of the interface, written apart from the
/// real one so that each can be checked against the other.
public final class MemoryMetaLog implements MetaLog {
    private final ChunkStore chunks;

    @GuardedBy("this")
    private final Map<SpaceId, NavigableMap<Key, Fact>> spaces = new HashMap<>();

    @GuardedBy("this")
    private long appliedIndex;

    @GuardedBy("this")
    private @Nullable QuernException failure;

    @GuardedBy("this")
    private boolean closed;

    /// An empty log.
    ///
    /// @param chunks where required chunks are looked up; stays open
    public MemoryMetaLog(ChunkStore chunks) {
        this.chunks = chunks;
    }

    @Override
    public synchronized long commit(Txn txn) {
        requireOpen();
        TxnFormat.encode(txn);
        for (ChunkId id : txn.requires()) {
            if (!chunks.isDurable(txn.space(), id)) {
                throw QuernException.invalid(
                        "transaction requires chunk "
                                + id
                                + ", which space "
                                + txn.space()
                                + (chunks.contains(txn.space(), id)
                                        ? " has not synced"
                                        : " does not have"));
            }
        }
        if (failure != null) {
            QuernException once = failure;
            failure = null;
            throw once;
        }
        NavigableMap<Key, Fact> facts = facts(txn.space());
        txn.conditions().forEach(condition -> check(facts, condition));
        long index = ++appliedIndex;
        for (int i = 0; i < txn.mutations().size(); i++) {
            apply(facts, txn.mutations().get(i), index, i);
        }
        return index;
    }

    private static void check(NavigableMap<Key, Fact> facts, Condition condition) {
        Fact fact = facts.get(condition.key());
        boolean holds =
                switch (condition) {
                    case Condition.Absent _ -> fact == null;
                    case Condition.Exists _ -> fact != null;
                    case Condition.Version v -> fact != null && fact.version() == v.version();
                };
        if (!holds) {
            throw QuernException.conflict(
                    "fact " + condition.key() + " is not as expected: " + condition);
        }
    }

    private static void apply(
            NavigableMap<Key, Fact> facts, Mutation mutation, long index, int position) {
        switch (mutation) {
            case Mutation.Put(Key key, byte[] value) -> put(facts, key, index, value);
            case Mutation.Append(Key prefix, byte[] value) ->
                    put(
                            facts,
                            prefix.child(Key.number(index)).child(Key.number(position)),
                            index,
                            value);
            case Mutation.Delete(Key key) -> facts.remove(key);
            case Mutation.DeleteThrough(Key prefix, Key through) ->
                    facts.keySet()
                            .removeIf(key ->
                                    key.startsWith(prefix)
                                            && (through.equals(prefix)
                                                    || compare(key, through) <= 0));
        }
    }

    private static void put(NavigableMap<Key, Fact> facts, Key key, long index, byte[] value) {
        facts.put(key, new Fact(key, index, value.clone()));
    }

    @Override
    public synchronized Optional<Fact> find(SpaceId space, Key key) {
        requireOpen();
        return Optional.ofNullable(facts(space).get(key));
    }

    @Override
    public synchronized List<Fact> scan(SpaceId space, Key prefix, Optional<Key> after, int limit) {
        requireOpen();
        requireLimit(limit);
        List<Fact> found = new ArrayList<>();
        for (Fact fact : facts(space).tailMap(prefix, true).values()) {
            if (found.size() == limit || !fact.key().startsWith(prefix)) {
                break;
            }
            if (after.isEmpty() || compare(fact.key(), after.get()) > 0) {
                found.add(fact);
            }
        }
        return found;
    }

    @Override
    public synchronized List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        requireOpen();
        requireLimit(limit);
        return spaces.entrySet().stream()
                .filter(space -> !space.getValue().isEmpty())
                .map(space -> space.getKey().value())
                .sorted()
                .filter(name -> after.isEmpty() || name.compareTo(after.get().value()) > 0)
                .limit(limit)
                .map(SpaceId::new)
                .toList();
    }

    @Override
    public synchronized List<String> kinds(SpaceId space) {
        requireOpen();
        return facts(space).keySet().stream()
                .map(key -> key.components().getFirst())
                .distinct()
                .toList();
    }

    private static void requireLimit(int limit) {
        if (limit < 1 || limit > 10_000) {
            throw QuernException.invalid("scan limit must be 1 to 10000, got " + limit);
        }
    }

    @Override
    public synchronized long appliedIndex() {
        requireOpen();
        return appliedIndex;
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    /// Makes the next commit fail so, with nothing applied.
    public synchronized void failNextCommit(QuernException error) {
        failure = error;
    }

    @GuardedBy("this")
    private NavigableMap<Key, Fact> facts(SpaceId space) {
        return spaces.computeIfAbsent(space, _ -> new TreeMap<>(MemoryMetaLog::compare));
    }

    private static int compare(Key a, Key b) {
        return Arrays.compareUnsigned(KeyFormat.encode(a), KeyFormat.encode(b));
    }

    @GuardedBy("this")
    private void requireOpen() {
        if (closed) {
            throw QuernException.internal("meta log is closed", null);
        }
    }
}
