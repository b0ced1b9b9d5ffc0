package dev.quern.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Changes on top of a state that is left alone: what later transactions of a batch see, what is
/// written in the end, and the hash that the state then has. Keeps the entries of secondary indexes
/// in step. Not thread-safe.
final class FactChanges {
    private final FactState base;
    private final FactHasher hasher;
    private final List<Change> changes = new ArrayList<>();
    private StateHash hash;

    /// The value at each key that was read or changed one by one, after all changes; empty for an
    /// absent one. A condition and the put that it guards read the base once.
    private final NavigableMap<byte[], Optional<byte[]>> values =
            new TreeMap<>(Arrays::compareUnsigned);

    /// Ranges removed as a whole, apart from each other, end by start; what was put after that is
    /// in `values`.
    private final NavigableMap<byte[], byte[]> removed = new TreeMap<>(Arrays::compareUnsigned);

    /// @param hash of the base
    FactChanges(FactState base, FactHasher hasher, StateHash hash) {
        this.base = base;
        this.hasher = hasher;
        this.hash = hash;
    }

    /// One step, to be repeated in order.
    sealed interface Change {
        record Put(byte[] key, byte[] value) implements Change {}

        record Delete(byte[] key) implements Change {}

        /// Removes all keys of a range.
        ///
        /// @param from inclusive
        /// @param to exclusive
        record DeleteRange(byte[] from, byte[] to) implements Change {}
    }

    /// All steps so far, in order.
    List<Change> changes() {
        return changes;
    }

    /// Of the base with all changes.
    StateHash hash() {
        return hash;
    }

    /// The value of a fact, or null.
    byte @Nullable [] get(byte[] key) {
        Optional<byte[]> value = values.get(key);
        if (value != null) {
            return value.orElse(null);
        }
        byte[] read = isRemoved(key) ? null : base.get(key);
        values.put(key, Optional.ofNullable(read));
        return read;
    }

    private boolean isRemoved(byte[] key) {
        Map.Entry<byte[], byte[]> range = removed.floorEntry(key);
        return range != null && Arrays.compareUnsigned(key, range.getValue()) < 0;
    }

    /// Writes a fact.
    void put(byte[] key, byte[] value) {
        byte[] before = get(key);
        if (before != null) {
            forget(key, before);
        }
        values.put(key, Optional.of(value));
        changes.add(new Change.Put(key, value));
        hash = hash.plus(hasher.hash(key, value));
        for (byte[] entry : FactFormat.indexEntries(key, value)) {
            changes.add(new Change.Put(entry, new byte[0]));
        }
    }

    /// Removes a fact, if it is there.
    void delete(byte[] key) {
        byte[] before = get(key);
        if (before != null) {
            forget(key, before);
            values.put(key, Optional.empty());
            changes.add(new Change.Delete(key));
        }
    }

    /// Removes all facts of a range; reads each of them.
    void deleteRange(byte[] from, byte[] to) {
        base.scan(
                from,
                to,
                false,
                (key, value) -> {
                    if (!values.containsKey(key) && !isRemoved(key)) {
                        forget(key, value);
                    }
                    return true;
                });
        NavigableMap<byte[], Optional<byte[]>> known = values.subMap(from, true, to, false);
        known.forEach((key, value) -> value.ifPresent(present -> forget(key, present)));
        known.clear();
        remove(from, to);
        changes.add(new Change.DeleteRange(from, to));
    }

    private void forget(byte[] key, byte[] value) {
        hash = hash.minus(hasher.hash(key, value));
        for (byte[] entry : FactFormat.indexEntries(key, value)) {
            changes.add(new Change.Delete(entry));
        }
    }

    /// Adds a range to those removed, as one with all that it meets.
    private void remove(byte[] from, byte[] to) {
        byte[] start = from;
        byte[] end = to;
        Map.Entry<byte[], byte[]> met = removed.lowerEntry(to);
        while (met != null && Arrays.compareUnsigned(met.getValue(), from) >= 0) {
            start = Arrays.compareUnsigned(met.getKey(), start) < 0 ? met.getKey() : start;
            end = Arrays.compareUnsigned(met.getValue(), end) > 0 ? met.getValue() : end;
            removed.remove(met.getKey());
            met = removed.lowerEntry(to);
        }
        removed.put(start, end);
    }
}
