package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Location;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The check of chunks in a tier. It reads what the tier has now, never the cache, several records
/// with each request, at most 8 MiB or one record at a time.
///
/// A pack without a whole header or footer is *unreadable*: another data directory, or this one
/// once it has lost its index, cannot tell what is in it. So all chunks that the index names in it
/// count as damaged, though their own bytes may be right: [#salvage] has those then. Where a pack
/// is gone, the index forgets what no other has.
final class CheckedTier implements CheckedStore {
    private final TierChunkStore chunks;
    private final TierStoreParts parts;

    /// What is wrong with unreadable packs.
    private final Map<Long, String> unreadable = new TreeMap<>();

    CheckedTier(TierChunkStore chunks) {
        this.chunks = chunks;
        this.parts = chunks.parts();
    }

    @Override
    public KeyedChunks chunks() {
        return chunks;
    }

    @Override
    public boolean has(SpaceId space, ChunkId id) {
        return chunks.has(space, id);
    }

    @Override
    public void readPacks(PackCheck check) {
        unreadable.clear();
        TierPacks.Look look = parts.packs().look();
        look.lost()
                .forEach((pack, lost) ->
                        check.problem(
                                "pack "
                                        + TierStoreFormat.pack(pack)
                                        + " is missing in "
                                        + parts.tier()
                                        + ": "
                                        + lost
                                        + " chunks that it had are in no other"));
        check.begin(look.there().values().stream().mapToLong(Long::longValue).sum());
        look.there().forEach((pack, sizeBytes) -> readPack(pack, sizeBytes, check));
    }

    private void readPack(long pack, long sizeBytes, PackCheck check) {
        TierPackReader reader = parts.reader();
        try {
            reader.requireWhole(pack, sizeBytes);
            reader.forEach(
                    pack,
                    sizeBytes,
                    record -> check.isNamed(pack, record),
                    (record, body) ->
                            check.verify(record, () -> verify(pack, record, body)));
            check.read();
        } catch (QuernException e) {
            check.requireGoingOn();
            switch (e.kind()) {
                case CORRUPT -> unreadable.put(pack, String.valueOf(e.getMessage()));
                case NOT_FOUND -> check.problem(String.valueOf(e.getMessage()));
                default -> throw e;
            }
        }
    }

    private void verify(long pack, PackRecord record, Optional<MemorySegment> body) {
        Location at = new Location(pack, record.offset());
        Entry entry = new Entry(record.id(), at, record.storedBytes(), 0, false);
        verify(record.space(), entry, () -> parts.reader().requireMatch(pack, record, body));
    }

    @Override
    public void verify(SpaceId space, Entry entry) {
        verify(
                space,
                entry,
                () -> {
                    parts.reader().verify(space, entry.id(), entry.location(), entry.storedBytes());
                    String broken = unreadable.get(entry.location().packId());
                    if (broken != null) {
                        throw QuernException.corrupt(broken + "; the chunk itself is whole");
                    }
                });
    }

    private void verify(SpaceId space, Entry entry, Runnable verification) {
        try {
            verification.run();
        } catch (QuernException e) {
            QuernException found = isMissing(space, entry, e) ? missing(e) : e;
            if (found.kind() == ErrorKind.CORRUPT) {
                chunks.quarantine(space, entry, found);
            }
            throw found;
        }
    }

    /// Whether its pack has gone since the tier was looked through, and not because the chunk is
    /// elsewhere now.
    private boolean isMissing(SpaceId space, Entry entry, QuernException e) {
        return e.kind() == ErrorKind.NOT_FOUND
                && parts.index()
                        .find(space, entry.id())
                        .filter(now -> now.location().equals(entry.location()))
                        .isPresent();
    }

    private static QuernException missing(QuernException e) {
        return QuernException.corrupt("missing: " + e.getMessage());
    }

    @Override
    public List<String> unreadable() {
        return new ArrayList<>(unreadable.values());
    }

    /// Every other chunk would fail too, each after many tries.
    @Override
    public boolean givesUpAfter(QuernException failure) {
        return failure.kind() == ErrorKind.UNAVAILABLE || failure.kind() == ErrorKind.EXHAUSTED;
    }

    /// Out of the cache, or out of an unreadable pack.
    @Override
    public Optional<byte[]> salvage(SpaceId space, ChunkId id) {
        Optional<Entry> entry = parts.index().find(space, id);
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        try (ChunkLease lease =
                parts.reader()
                        .open(space, id, entry.get().location(), entry.get().storedBytes())) {
            return Optional.of(lease.bytes().toArray(ValueLayout.JAVA_BYTE));
        } catch (QuernException e) {
            return switch (e.kind()) {
                case CORRUPT, NOT_FOUND -> Optional.empty();
                default -> throw e;
            };
        }
    }
}
