package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// A state of facts in sorted maps, in the plainest way. A copy of it is a view. Not thread-safe.
final class MemoryFacts implements FactView {
    private final NavigableMap<String, NavigableMap<Key, Fact>> spaces = new TreeMap<>();
    private long index;
    private boolean closed;

    MemoryFacts copy() {
        MemoryFacts copy = new MemoryFacts();
        spaces.forEach((space, facts) -> copy.spaces.put(space, new TreeMap<>(facts)));
        copy.index = index;
        return copy;
    }

    /// Applies a transaction, or throws the first condition that does not hold.
    long apply(Txn txn) {
        NavigableMap<Key, Fact> facts = facts(txn.space());
        txn.conditions().forEach(condition -> check(facts, condition));
        index++;
        for (int i = 0; i < txn.mutations().size(); i++) {
            apply(facts, txn.mutations().get(i), i);
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

    private void apply(NavigableMap<Key, Fact> facts, Mutation mutation, int position) {
        switch (mutation) {
            case Mutation.Put(Key key, byte[] value, List<Key> indexed) ->
                    facts.put(key, new Fact(key, index, value.clone(), indexed));
            case Mutation.Append(Key prefix, byte[] value) -> {
                Key key = prefix.child(Key.number(index)).child(Key.number(position));
                facts.put(key, new Fact(key, index, value.clone()));
            }
            case Mutation.Delete(Key key) -> facts.remove(key);
            case Mutation.DeleteThrough(Key prefix, Key through) ->
                    facts.keySet()
                            .removeIf(key ->
                                    key.startsWith(prefix)
                                            && (through.equals(prefix)
                                                    || compare(key, through) <= 0));
        }
    }

    private NavigableMap<Key, Fact> facts(SpaceId space) {
        return spaces.computeIfAbsent(space.value(), _ -> new TreeMap<>(MemoryFacts::compare));
    }

    static int compare(Key a, Key b) {
        return Arrays.compareUnsigned(KeyFormat.encode(a), KeyFormat.encode(b));
    }

    /// The hash from every fact, whatever came before.
    @Override
    public LogPosition position() {
        FactHasher hasher = new FactHasher();
        StateHash sum = StateHash.EMPTY;
        for (Map.Entry<String, NavigableMap<Key, Fact>> space : spaces.entrySet()) {
            for (Fact fact : space.getValue().values()) {
                byte[] key = FactFormat.key(new SpaceId(space.getKey()), fact.key());
                byte[] value = FactFormat.value(fact.version(), fact.value(), fact.indexed());
                sum = sum.plus(hasher.hash(key, value));
            }
        }
        return new LogPosition(index, sum);
    }

    long index() {
        return index;
    }

    @Override
    public Optional<Fact> find(SpaceId space, Key key) {
        requireOpen();
        return Optional.ofNullable(facts(space).get(key));
    }

    @Override
    public List<Fact> scan(SpaceId space, KeyRange range, int limit) {
        requireOpen();
        requireLimit(limit);
        NavigableMap<Key, Fact> facts = facts(space);
        return (range.isDescending() ? facts.descendingMap() : facts)
                .values().stream().filter(fact -> range.contains(fact.key())).limit(limit).toList();
    }

    @Override
    public List<IndexedFact> scanIndex(
            SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
        requireOpen();
        requireLimit(limit);
        Comparator<IndexPosition> order =
                Comparator.comparing(IndexPosition::indexKey, MemoryFacts::compare)
                        .thenComparing(IndexPosition::key, MemoryFacts::compare);
        List<IndexedFact> found = new ArrayList<>();
        for (Fact fact : facts(space).values()) {
            fact.indexed().stream()
                    .distinct()
                    .filter(indexKey -> indexKey.startsWith(prefix))
                    .map(indexKey -> new IndexPosition(indexKey, fact.key()))
                    .filter(at -> after.isEmpty() || order.compare(at, after.get()) > 0)
                    .forEach(at -> found.add(new IndexedFact(at, fact)));
        }
        return found.stream()
                .sorted(Comparator.comparing(IndexedFact::at, order))
                .limit(limit)
                .toList();
    }

    @Override
    public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        requireOpen();
        requireLimit(limit);
        return spaces.entrySet().stream()
                .filter(space -> !space.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .filter(name -> after.isEmpty() || name.compareTo(after.get().value()) > 0)
                .limit(limit)
                .map(SpaceId::new)
                .toList();
    }

    @Override
    public List<String> kinds(SpaceId space) {
        requireOpen();
        return facts(space).keySet().stream()
                .map(key -> key.components().getFirst())
                .distinct()
                .toList();
    }

    private static void requireLimit(int limit) {
        if (limit < 1 || limit > MAX_SCAN) {
            throw QuernException.invalid("scan limit must be 1 to 10000, got " + limit);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "view is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
