package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.CompactionPlanner.PackStat;
import dev.quern.storage.CompactionTarget.Move;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Progress;
import dev.quern.storage.Tier.Blob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which packs are in a tier: keeps the index in step with those that come and go. Thread-safe.
final class TierPacks {
    private static final Logger LOG = LoggerFactory.getLogger(TierPacks.class);

    private final Tier tier;
    private final PackIndex index;
    private final TierPackReader reader;
    private final TierRetirement retirement;

    /// Held while the tier is looked through and while packs are retired, so that none is taken in
    /// that is on its way out.
    private final ReentrantLock changing = new ReentrantLock();

    /// Packs in the tier that this store knows and that are not retired, with their sizes.
    private final ConcurrentMap<Long, Long> sizes = new ConcurrentHashMap<>();

    TierPacks(Tier tier, PackIndex index, TierPackReader reader, TierRetirement retirement) {
        this.tier = tier;
        this.index = index;
        this.reader = reader;
        this.retirement = retirement;
    }

    /// Brings the index in step with all packs that are there. When one is gone that the index
    /// names chunks of, the others are indexed again.
    void open() {
        alone(() -> {
            Map<Long, Long> found = list("");
            List<Long> lost = lost(found);
            if (!lost.isEmpty()) {
                LOG.warn(
                        "packs are not in {} any more: {}; indexing the {} others again",
                        tier,
                        lost.stream().map(TierStoreFormat::pack).toList(),
                        found.size());
                index.clear();
            }
            for (long known : index.packs().keySet()) {
                if (!found.containsKey(known)) {
                    index.dropPack(known);
                }
            }
            indexNew(found);
        });
    }

    private List<Long> lost(Map<Long, Long> found) {
        return index.packs().entrySet().stream()
                .filter(pack -> pack.getValue().chunks() > 0)
                .map(Map.Entry::getKey)
                .filter(id -> !found.containsKey(id))
                .toList();
    }

    /// Indexes what other members have put lately.
    ///
    /// @param after a name before those of all that are looked for
    void refresh(String after) {
        alone(() -> indexNew(list(after)));
    }

    /// What is in a tier.
    ///
    /// @param there packs that are not retired, with their sizes
    /// @param lost packs that were known and are gone, with how many chunks that no other has
    record Look(Map<Long, Long> there, Map<Long, Long> lost) {}

    /// Looks through the whole tier: indexes what other members have put, finds what was in packs
    /// that are there no more, because another member has compacted them, in the others, and
    /// forgets what nothing was found of.
    Look look() {
        changing.lock();
        try {
            Map<Long, Long> found = list("");
            indexNew(found);
            List<Long> gone = lost(found);
            Map<Long, Long> lost = new TreeMap<>();
            if (!gone.isEmpty()) {
                LOG.warn("{} packs are not in {} any more", gone.size(), tier);
                Workers.run(found.keySet(), id -> addFound(id, found.getOrDefault(id, 0L)));
                for (long pack : gone) {
                    long left = chunks(pack);
                    if (left > 0) {
                        lost.put(pack, left);
                    }
                    forget(pack);
                }
            }
            return new Look(new TreeMap<>(found), lost);
        } finally {
            changing.unlock();
        }
    }

    private void forget(long pack) {
        for (SpaceId space : index.spaces()) {
            Optional<ChunkId> after = Optional.empty();
            List<Entry> page;
            do {
                page = index.scan(space, after, PackIndex.MAX_SCAN);
                index.remove(
                        space,
                        page.stream().filter(e -> e.location().packId() == pack).toList(),
                        _ -> false);
                after = page.isEmpty() ? after : Optional.of(page.getLast().id());
            } while (page.size() == PackIndex.MAX_SCAN);
        }
        index.dropPack(pack);
        sizes.remove(pack);
    }

    private void alone(Runnable work) {
        changing.lock();
        try {
            work.run();
        } finally {
            changing.unlock();
        }
    }

    /// Packs by id, with their sizes, without those that are retired.
    private Map<Long, Long> list(String after) {
        Map<Long, Long> found = new HashMap<>();
        List<Blob> page = tier.list(TierStoreFormat.PACKS, after, Tier.MAX_PAGE);
        while (!page.isEmpty()) {
            for (Blob blob : page) {
                OptionalLong id = TierStoreFormat.packId(blob.name());
                if (id.isPresent()) {
                    found.put(id.getAsLong(), blob.sizeBytes());
                } else {
                    LOG.warn("tier {} has a blob that is no pack: {}", tier, blob.name());
                }
            }
            page = tier.list(TierStoreFormat.PACKS, page.getLast().name(), Tier.MAX_PAGE);
        }
        retirement.load(); // after the packs: a pack that was retired meanwhile was copied before
        found.keySet().removeIf(retirement::contains);
        return found;
    }

    private void indexNew(Map<Long, Long> found) {
        Map<Long, PackIndex.PackState> known = index.packs();
        List<Long> missing = new ArrayList<>();
        for (Map.Entry<Long, Long> pack : found.entrySet()) {
            PackIndex.PackState state = known.get(pack.getKey());
            if (state != null && state.closed()) {
                sizes.put(pack.getKey(), pack.getValue());
            } else {
                missing.add(pack.getKey());
            }
        }
        Workers.run(missing, id -> addFound(id, found.getOrDefault(id, 0L)));
    }

    private void addFound(long id, long sizeBytes) {
        try {
            add(id, sizeBytes);
        } catch (QuernException e) {
            if (chunks(id) == 0) {
                sizes.remove(id);
            }
            if (e.kind() != ErrorKind.CORRUPT && e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            LOG.error("pack {} in {} is left aside: {}", id, tier, e.getMessage());
        }
    }

    /// Reads what a pack holds into the index.
    ///
    /// @throws QuernException `CORRUPT`, naming the blob and the offset, if it is no sealed pack
    private void add(long id, long sizeBytes) {
        sizes.put(id, sizeBytes);
        reader.forEachBatch(id, sizeBytes, batch -> index.add(Map.of(id, batch), Map.of()));
        added(id, List.of(), sizeBytes);
        LOG.debug("pack {} of {}: indexed", TierStoreFormat.pack(id), tier);
    }

    /// Takes a pack that is in the tier now into the index.
    ///
    /// @param records those of its records that are not there yet
    void added(long id, List<PackRecord> records, long sizeBytes) {
        sizes.put(id, sizeBytes); // first: who sees a chunk counts on its pack's being held
        index.add(Map.of(id, records), Map.of(id, new Progress(sizeBytes, true)));
    }

    /// Takes a pack into the index to which records of others were copied: those that have not
    /// changed since.
    void moved(long id, List<Move> moves, long sizeBytes) {
        sizes.put(id, sizeBytes);
        index.move(moves, Map.of(id, new Progress(sizeBytes, true)));
    }

    /// Retires a pack, if the index names nothing in it.
    ///
    /// @return whether it does not
    boolean retire(long id) {
        changing.lock();
        try {
            if (chunks(id) > 0) {
                return false;
            }
            index.sync(); // a crash must not bring back an index that names chunks in it
            retirement.retire(id);
            sizes.remove(id);
            index.dropPack(id);
            return true;
        } finally {
            changing.unlock();
        }
    }

    private long chunks(long id) {
        return index.packs().getOrDefault(id, PackIndex.PackState.NEW).chunks();
    }

    /// Deletes the packs that have been retired for so long.
    void deleteRetired(Duration grace) {
        for (long id : retirement.due(grace)) {
            alone(() -> retirement.delete(id));
            reader.forget(id);
        }
    }

    /// The packs that are not retired, with their sizes, for as long as the hold is open.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    PacksHold hold() {
        ChunkPins hold = retirement.hold();
        changing.lock();
        try {
            return new PacksHold(Map.copyOf(sizes), hold);
        } finally {
            changing.unlock();
        }
    }

    /// Packs that stay in the tier.
    record PacksHold(Map<Long, Long> sizes, ChunkPins hold) implements AutoCloseable {
        @Override
        public void close() {
            hold.close();
        }
    }

    /// What compaction may plan with.
    List<PackStat> stats() {
        List<PackStat> stats = new ArrayList<>();
        sizes.forEach((id, sizeBytes) -> {
            PackIndex.PackState state = index.packs().getOrDefault(id, PackIndex.PackState.NEW);
            if (state.closed()) {
                long live = StorageStats.liveBytes(Pack.Kind.RECORDS, state);
                stats.add(new PackStat(id, false, sizeBytes, live, state.chunks()));
            }
        });
        return stats;
    }

    long storedBytes() {
        return sizes.values().stream().mapToLong(Long::longValue).sum();
    }

    int count() {
        return sizes.size();
    }
}
