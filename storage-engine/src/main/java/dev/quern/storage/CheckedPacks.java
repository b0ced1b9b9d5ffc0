package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.PackState;
import java.util.List;
import java.util.Map;

/// The check of chunks in packs on this machine.
record CheckedPacks(PackChunkStore chunks) implements CheckedStore {
    @Override
    public boolean has(SpaceId space, ChunkId id) {
        return chunks.has(space, id);
    }

    /// What is in the other packs is met as index entries.
    @Override
    public void readPacks(PackCheck check) {
        Map<Long, PackState> states = chunks.index().packs();
        List<Pack> closed =
                chunks.packs().all().stream().filter(pack -> state(states, pack).closed()).toList();
        check.begin(closed.stream().mapToLong(p -> state(states, p).indexedThrough()).sum());
        for (Pack pack : closed) {
            try {
                if (pack.forEach((record, _) -> check(pack, record, check))) {
                    check.read();
                }
            } catch (QuernException e) {
                check.requireGoingOn();
                check.problem(String.valueOf(e.getMessage()));
            }
        }
    }

    private static PackState state(Map<Long, PackState> states, Pack pack) {
        return states.getOrDefault(pack.id(), PackState.NEW);
    }

    private void check(Pack pack, PackRecord record, PackCheck check) {
        if (check.isNamed(pack.id(), record)) {
            check.verify(record, () -> verify(record.space(), record.id()));
        }
    }

    @Override
    public void verify(SpaceId space, Entry entry) {
        verify(space, entry.id());
    }

    /// Through the store, which checks and decodes it, and quarantines it.
    private void verify(SpaceId space, ChunkId id) {
        try (ChunkLease lease = chunks.open(space, id)) {
            ChunkId actual = Checksums.sha256(lease.bytes().asByteBuffer());
            if (!actual.equals(id)) {
                throw chunks.quarantine(space, id, actual);
            }
        }
    }
}
