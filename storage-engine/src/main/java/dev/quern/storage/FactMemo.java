package dev.quern.storage;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// Values made from facts, kept as long as no transaction was applied since: as true as if each had
/// been read again, and while nobody writes without a look into the facts database. At most
/// [#MAX_VALUES]; beyond, all are forgotten. Thread-safe.
///
/// @param <K> what is asked by
/// @param <V> what is made
public final class FactMemo<K, V> {
    private static final int MAX_VALUES = 1_024;

    private final MetaLog facts;
    private final Map<K, Kept<V>> values = new ConcurrentHashMap<>();

    /// @param index that was applied before the value was made
    private record Kept<V>(long index, V value) {}

    /// Nothing is kept yet.
    ///
    /// @param facts that values are made from
    public FactMemo(MetaLog facts) {
        this.facts = facts;
    }

    /// The value of a key if it is kept, without a look into the facts database.
    public Optional<V> find(K key) {
        Kept<V> kept = values.get(key);
        return kept != null && kept.index() == facts.appliedIndex()
                ? Optional.of(kept.value())
                : Optional.empty();
    }

    /// The value of a key.
    ///
    /// @param make reads facts; what it throws is thrown and not kept
    public V get(K key, Function<K, V> make) {
        Optional<V> kept = find(key);
        if (kept.isPresent()) {
            return kept.get();
        }
        long index = facts.appliedIndex();
        V value = make.apply(key);
        if (values.size() >= MAX_VALUES) {
            values.clear();
        }
        values.put(key, new Kept<>(index, value));
        return value;
    }
}
