package dev.quern.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Changes on top of a state that is left alone: what later transactions of a batch see, and what
/// is written in the end. Not thread-safe.
final class FactChanges implements FactState {
    private final FactState base;
    private final List<Change> changes = new ArrayList<>();

    /// The last value at each key that was changed one by one; empty for a removed one.
    private final NavigableMap<byte[], Optional<byte[]>> values =
            new TreeMap<>(Arrays::compareUnsigned);

    /// Ranges removed as a whole; what was put after that is in `values`.
    private final List<Change.DeleteRange> removed = new ArrayList<>();

    FactChanges(FactState base) {
        this.base = base;
    }

    /// One step, to be repeated in order.
    sealed interface Change {
        record Put(byte[] key, byte[] value) implements Change {}

        record Delete(byte[] key) implements Change {}

        /// Removes all keys of a range.
        ///
        /// @param from inclusive
        /// @param to exclusive
        record DeleteRange(byte[] from, byte[] to) implements Change {
            boolean covers(byte[] key) {
                return Arrays.compareUnsigned(from, key) <= 0
                        && Arrays.compareUnsigned(key, to) < 0;
            }
        }
    }

    /// All steps so far, in order.
    List<Change> changes() {
        return changes;
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
        Optional<byte[]> value = values.get(key);
        if (value != null) {
            return value.orElse(null);
        }
        return isRemoved(key) ? null : base.get(key);
    }

    private boolean isRemoved(byte[] key) {
        return removed.stream().anyMatch(range -> range.covers(key));
    }

    void put(byte[] key, byte[] value) {
        values.put(key, Optional.of(value));
        changes.add(new Change.Put(key, value));
    }

    void delete(byte[] key) {
        values.put(key, Optional.empty());
        changes.add(new Change.Delete(key));
    }

    void deleteRange(byte[] from, byte[] to) {
        values.subMap(from, true, to, false).clear();
        Change.DeleteRange range = new Change.DeleteRange(from, to);
        removed.add(range);
        changes.add(range);
    }
}
