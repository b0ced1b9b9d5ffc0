package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.rocksdb.Cache;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/// Where each durable chunk lies, with what is known of it beside: whether gc has condemned it and
/// whether it was found corrupt. Only an index: the places can all be found again by scanning the
/// packs, so it is not synced (except by [#sync]), and thrown away when it is damaged or of another
/// version. Its bytes are those of [PackIndexFormat].
///
/// Changes are made one at a time, each by comparing with what is there, so that a change that was
/// decided on an entry seen before never overwrites a newer one. Reads take no lock of this class.
/// Thread-safe.
final class PackIndex implements AutoCloseable {
    /// The most entries in one page of a scan.
    static final int MAX_SCAN = 10_000;

    private final Rocks rocks;
    private final boolean isNew;

    @GuardedBy("this")
    private Map<Long, PackState> states = Map.of();

    private volatile long chunks;
    private volatile long quarantined;

    /// Where a chunk's record begins.
    record Location(long packId, long offset) {}

    /// What is known of a chunk.
    ///
    /// @param storedBytes length of its body in the pack
    /// @param condemnedAtMillis when gc first found nothing that leads to it, 0 if it is not so
    /// @param quarantined whether it was found corrupt; then the next put stores it again
    record Entry(
            ChunkId id,
            Location location,
            int storedBytes,
            long condemnedAtMillis,
            boolean quarantined) {
        Entry at(Location moved) {
            return new Entry(id, moved, storedBytes, condemnedAtMillis, quarantined);
        }

        Entry condemned(long atMillis) {
            return new Entry(id, location, storedBytes, atMillis, quarantined);
        }

        Entry quarantined(boolean corrupt) {
            return new Entry(id, location, storedBytes, condemnedAtMillis, corrupt);
        }
    }

    /// How much of a pack is indexed, and what of it is alive.
    ///
    /// @param indexedThrough every record before this offset has been indexed
    /// @param chunks entries whose location is in this pack
    /// @param liveBytes of these chunks' stored bodies
    /// @param quarantined how many of these chunks were found corrupt
    /// @param closed whether nothing will be appended any more
    record PackState(
            long indexedThrough, long chunks, long liveBytes, long quarantined, boolean closed) {
        static final PackState NEW = new PackState(PackFormat.HEADER_BYTES, 0, 0, 0, false);

        /// With an entry more.
        PackState plus(Entry entry) {
            return counting(entry, 1);
        }

        /// With an entry less.
        PackState minus(Entry entry) {
            return counting(entry, -1);
        }

        private PackState counting(Entry entry, int sign) {
            return new PackState(
                    indexedThrough,
                    chunks + sign,
                    liveBytes + (long) sign * entry.storedBytes,
                    quarantined + (entry.quarantined ? sign : 0),
                    closed);
        }

        PackState at(Progress progress) {
            return new PackState(
                    progress.indexedThrough, chunks, liveBytes, quarantined, progress.closed);
        }
    }

    /// How far the indexing of a pack has come.
    record Progress(long indexedThrough, boolean closed) {}

    /// @param isNew whether it was made just now
    PackIndex(Rocks rocks, boolean isNew) {
        this.rocks = rocks;
        this.isNew = isNew;
        synchronized (this) {
            load();
        }
    }

    /// Opens the index, an empty one when there is none that can be used.
    static PackIndex open(Disk disk, Path directory, Cache cache) throws IOException {
        return new PackIndexOpening(disk, directory, cache).open();
    }

    @GuardedBy("this")
    private void load() {
        Map<Long, PackState> found = new HashMap<>();
        rocks.scan(
                PackIndexFormat.PACKS,
                PackIndexFormat.PACKS_END,
                (key, value) -> {
                    long id = PackIndexFormat.packId(key, rocks.directory());
                    found.put(id, PackIndexFormat.packState(value, rocks.directory()));
                    return true;
                });
        adopt(found);
    }

    @GuardedBy("this")
    private void adopt(Map<Long, PackState> current) {
        states = Map.copyOf(current);
        chunks = current.values().stream().mapToLong(PackState::chunks).sum();
        quarantined = current.values().stream().mapToLong(PackState::quarantined).sum();
    }

    /// How many chunks it has, in all spaces.
    long chunks() {
        return chunks;
    }

    /// How many of them were found corrupt.
    long quarantined() {
        return quarantined;
    }

    Optional<Entry> find(SpaceId space, ChunkId id) {
        byte[] value = rocks.get(PackIndexFormat.chunkKey(space, id));
        return Optional.ofNullable(value)
                .map(bytes -> PackIndexFormat.entry(id, bytes, rocks.directory()));
    }

    /// The spaces that have a chunk, in order.
    List<SpaceId> spaces() {
        List<SpaceId> found = new ArrayList<>();
        byte[] from = PackIndexFormat.CHUNKS;
        int before;
        do {
            before = found.size();
            rocks.scan(
                    from,
                    PackIndexFormat.CHUNKS_END,
                    (key, _) -> {
                        found.add(PackIndexFormat.space(key, rocks.directory()));
                        return false;
                    });
            from = found.isEmpty() ? from : PackIndexFormat.spaceEnd(found.getLast());
        } while (found.size() > before);
        return found;
    }

    /// The entries of a space in order of id, page by page.
    ///
    /// @param after only ids greater than this one; empty for the first page
    /// @param limit 1 to [#MAX_SCAN]
    List<Entry> scan(SpaceId space, Optional<ChunkId> after, int limit) {
        if (limit < 1 || limit > MAX_SCAN) {
            throw QuernException.invalid("scan limit must be 1 to " + MAX_SCAN + ", got " + limit);
        }
        byte[] from = PackIndexFormat.spaceStart(space);
        if (after.isPresent()) {
            byte[] last = PackIndexFormat.chunkKey(space, after.get());
            from = Arrays.copyOf(last, last.length + 1);
        }
        List<Entry> page = new ArrayList<>();
        rocks.scan(
                from,
                PackIndexFormat.spaceEnd(space),
                (key, value) -> {
                    ChunkId id = PackIndexFormat.chunkId(key, rocks.directory());
                    page.add(PackIndexFormat.entry(id, value, rocks.directory()));
                    return page.size() < limit;
                });
        return page;
    }

    /// Whether it was made at this opening: it says nothing of what earlier processes left.
    boolean isNew() {
        return isNew;
    }

    /// All packs that it knows.
    synchronized Map<Long, PackState> packs() {
        return states;
    }

    /// Adds chunks, neither condemned nor quarantined, in place of what it had of them, and moves
    /// the progress of their packs, in one step.
    void add(Map<Long, List<PackRecord>> records, Map<Long, Progress> progress) {
        change(edit -> {
            for (Map.Entry<Long, List<PackRecord>> pack : records.entrySet()) {
                for (PackRecord record : pack.getValue()) {
                    Location at = new Location(pack.getKey(), record.offset());
                    int stored = record.storedBytes();
                    edit.put(record.space(), new Entry(record.id(), at, stored, 0, false));
                }
            }
            progress.forEach(edit::progress);
        });
    }

    /// Sets when chunks were condemned, 0 for not, of those whose entries are still the same.
    ///
    /// @return how many those were
    int condemn(SpaceId space, Collection<Entry> expected, long atMillis) {
        int[] same = {0};
        change(edit -> {
            for (Entry entry : expected) {
                if (edit.find(space, entry.id()).equals(Optional.of(entry))) {
                    edit.put(space, entry.condemned(atMillis));
                    same[0]++;
                }
            }
        });
        return same[0];
    }

    /// The entry of a chunk that somebody is about to rely on: condemned no more, in one step with
    /// the look.
    Optional<Entry> rescue(SpaceId space, ChunkId id) {
        Optional<Entry> found = find(space, id);
        if (found.isEmpty() || found.get().condemnedAtMillis() == 0) {
            return found;
        }
        update(space, id, _ -> true, entry -> entry.condemned(0));
        return find(space, id);
    }

    /// Says whether a chunk is corrupt, if it is still at this place.
    ///
    /// @return whether it is
    boolean quarantine(SpaceId space, ChunkId id, Location at, boolean corrupt) {
        return update(space, id, e -> e.location().equals(at), entry -> entry.quarantined(corrupt));
    }

    /// Moves a chunk whose record has been copied, if it is still where the copy was taken from.
    ///
    /// @return whether it was
    boolean move(SpaceId space, ChunkId id, Location from, Location to) {
        return update(space, id, e -> e.location().equals(from), entry -> entry.at(to));
    }

    /// Moves chunks whose records have been copied, those that are still where the copies were
    /// taken from, and the progress of packs, in one step.
    void move(List<CompactionTarget.Move> moves, Map<Long, Progress> progress) {
        change(edit -> {
            for (CompactionTarget.Move move : moves) {
                SpaceId space = move.copy().space();
                Optional<Entry> current = edit.find(space, move.copy().id());
                if (current.isPresent() && current.get().location().equals(move.from())) {
                    edit.put(space, current.get().at(move.to()));
                }
            }
            progress.forEach(edit::progress);
        });
    }

    private boolean update(
            SpaceId space, ChunkId id, Predicate<Entry> still, UnaryOperator<Entry> after) {
        boolean[] done = {false};
        change(edit -> {
            Optional<Entry> current = edit.find(space, id).filter(still);
            if (current.isPresent()) {
                edit.put(space, after.apply(current.get()));
                done[0] = true;
            }
        });
        return done[0];
    }

    /// Forgets a chunk, if its entry is still this one: at this place, condemned at this time.
    ///
    /// @return whether it was
    boolean remove(SpaceId space, Entry expected) {
        return remove(space, List.of(expected), _ -> false).chunks() == 0;
    }

    /// Forgets chunks whose entries are still these, except those that are to be kept.
    ///
    /// @return how many are still there, and their bytes
    GcReport.Count remove(SpaceId space, Collection<Entry> expected, Predicate<ChunkId> keep) {
        GcReport.Count[] left = {GcReport.Count.NONE};
        change(edit -> {
            for (Entry entry : expected) {
                if (!keep.test(entry.id())
                        && edit.find(space, entry.id()).equals(Optional.of(entry))) {
                    edit.remove(space, entry.id());
                } else {
                    left[0] = left[0].plus(new GcReport.Count(1, entry.storedBytes()));
                }
            }
        });
        return left[0];
    }

    /// Forgets a pack that no entry names.
    ///
    /// @throws QuernException `INTERNAL` if one does
    void dropPack(long id) {
        change(edit -> {
            long left = edit.state(id).chunks();
            if (left > 0) {
                throw QuernException.internal(
                        "pack " + id + " still has " + left + " chunks", null);
            }
            edit.drop(id);
        });
    }

    private interface Change {
        void make(PackIndexEdit edit) throws RocksDBException;
    }

    private synchronized void change(Change change) {
        if (rocks.ensureWritable()) {
            load(); // nobody knows whether the write that failed is in
        }
        try (PackIndexEdit edit = new PackIndexEdit(this::find, states)) {
            change.make(edit);
            if (!edit.isEmpty()) {
                rocks.write(edit.finish(), false);
                adopt(edit.states());
            }
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot write chunk index " + rocks.directory(), e);
        }
    }

    /// Forgets everything.
    synchronized void clear() {
        try (WriteBatch batch = new WriteBatch()) {
            batch.deleteRange(PackIndexFormat.CHUNKS, PackIndexFormat.CHUNKS_END);
            batch.deleteRange(PackIndexFormat.PACKS, PackIndexFormat.PACKS_END);
            rocks.ensureWritable();
            rocks.write(batch, false);
            adopt(Map.of());
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot clear chunk index " + rocks.directory(), e);
        }
    }

    /// Makes every change so far durable, as before a pack that was moved away from is deleted.
    synchronized void sync() {
        try (WriteBatch batch = new WriteBatch()) {
            batch.put(PackIndexFormat.VERSION_KEY, PackIndexFormat.VERSION);
            rocks.ensureWritable();
            rocks.write(batch, true);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot write chunk index " + rocks.directory(), e);
        }
    }

    @Override
    public void close() {
        rocks.close();
    }
}
