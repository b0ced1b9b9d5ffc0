package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.PackState;
import dev.quern.storage.PackIndex.Progress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/// One change of the chunk index on its way: the entries that it writes, and with each the counts
/// of the packs that gain and lose by it. Not thread-safe.
final class PackIndexEdit implements AutoCloseable {
    private record Name(SpaceId space, ChunkId id) {}

    private final BiFunction<SpaceId, ChunkId, Optional<Entry>> index;
    private final Map<Long, PackState> states;
    private final Map<Name, Optional<Entry>> changed = new HashMap<>();
    private final Set<Long> touched = new HashSet<>();
    private final WriteBatch batch = new WriteBatch();

    /// @param index the entries before this change
    /// @param states the packs before this change, not modified
    PackIndexEdit(
            BiFunction<SpaceId, ChunkId, Optional<Entry>> index, Map<Long, PackState> states) {
        this.index = index;
        this.states = new HashMap<>(states);
    }

    /// What is known of a chunk once this change is made.
    Optional<Entry> find(SpaceId space, ChunkId id) {
        Optional<Entry> own = changed.get(new Name(space, id));
        return own == null ? index.apply(space, id) : own;
    }

    /// Writes an entry in place of the chunk's former one, if it had one.
    void put(SpaceId space, Entry after) throws RocksDBException {
        leave(find(space, after.id()).orElse(null));
        enter(after);
        changed.put(new Name(space, after.id()), Optional.of(after));
        batch.put(PackIndexFormat.chunkKey(space, after.id()), PackIndexFormat.encode(after));
    }

    /// Removes a chunk.
    void remove(SpaceId space, ChunkId id) throws RocksDBException {
        leave(find(space, id).orElse(null));
        changed.put(new Name(space, id), Optional.empty());
        batch.delete(PackIndexFormat.chunkKey(space, id));
    }

    /// Says how far a pack is indexed.
    void progress(long pack, Progress progress) {
        states.put(pack, state(pack).at(progress));
        touched.add(pack);
    }

    /// Forgets a pack.
    void drop(long pack) {
        states.remove(pack);
        touched.add(pack);
    }

    PackState state(long pack) {
        return states.getOrDefault(pack, PackState.NEW);
    }

    private void leave(@Nullable Entry before) {
        if (before != null) {
            count(before, PackState::minus);
        }
    }

    private void enter(Entry after) {
        count(after, PackState::plus);
    }

    private void count(Entry entry, BiFunction<PackState, Entry, PackState> change) {
        long pack = entry.location().packId();
        states.put(pack, change.apply(state(pack), entry));
        touched.add(pack);
    }

    boolean isEmpty() {
        return changed.isEmpty() && touched.isEmpty();
    }

    /// The whole change, for the database; closed with this.
    WriteBatch finish() throws RocksDBException {
        for (long pack : touched) {
            PackState state = states.get(pack);
            if (state == null) {
                batch.delete(PackIndexFormat.packKey(pack));
            } else {
                batch.put(PackIndexFormat.packKey(pack), PackIndexFormat.encode(state));
            }
        }
        return batch;
    }

    /// The packs after this change.
    Map<Long, PackState> states() {
        return states;
    }

    @Override
    public void close() {
        batch.close();
    }
}
