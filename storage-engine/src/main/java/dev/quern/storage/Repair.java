package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.OperationStatus.Unit;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts damaged and missing chunks right from another source. A tree may hide more of them behind a
/// node that is missing, and a check keeps a bounded number only, so it checks and fetches again
/// until that makes no difference; each is tried once. Not thread-safe; [Operations] runs one at a
/// time. What was fetched before one is cancelled stays.
final class Repair {
    private static final Logger LOG = LoggerFactory.getLogger(Repair.class);
    private static final int MAX_PROBLEMS = 100;
    private static final int MAX_WANTED = 1 << 16;

    private final CheckedStore store;
    private final Fsck fsck;
    private final int maxWanted;

    Repair(CheckedStore store, Fsck fsck) {
        this(store, fsck, MAX_WANTED);
    }

    /// @param maxWanted how many chunks to fetch between two checks
    Repair(CheckedStore store, Fsck fsck, int maxWanted) {
        this.store = store;
        this.fsck = fsck;
        this.maxWanted = maxWanted;
    }

    /// @throws QuernException `CONFLICT` if the operation is cancelled
    RepairReport run(ChunkSource source, long bytesPerSecond, Operation operation) {
        long repaired = 0;
        List<String> problems = new ArrayList<>();
        Map<SpaceId, FingerprintSet> tried = new HashMap<>();
        while (true) {
            BadChunks bad = new BadChunks(maxWanted, tried);
            FsckReport found = fsck.check(bytesPerSecond, bad, operation);
            operation.phase("fetch", Unit.CHUNKS, bad.wantedCount());
            source.expect(bad.wanted());
            long now = 0;
            try {
                for (Map.Entry<SpaceId, Set<ChunkId>> space : bad.wanted().entrySet()) {
                    for (ChunkId id : space.getValue()) {
                        tried.computeIfAbsent(space.getKey(), _ -> new FingerprintSet()).add(id);
                        now += restore(source, space.getKey(), id, problems) ? 1 : 0;
                        operation.advance(1); // a batch: each is fetched by itself
                    }
                }
            } finally {
                store.chunks().sync(); // also what was fetched before it was cancelled
            }
            repaired += now;
            if (now == 0 && !bad.hasMore()) {
                problems.addAll(found.problems());
                return new RepairReport(repaired, found.damaged(), found.findings(), problems);
            }
        }
    }

    private boolean restore(ChunkSource source, SpaceId space, ChunkId id, List<String> problems) {
        try {
            Optional<byte[]> bytes = store.salvage(space, id).or(() -> source.fetch(space, id));
            if (bytes.isEmpty()) {
                return false;
            }
            if (!Checksums.sha256(ByteBuffer.wrap(bytes.get())).equals(id)) {
                throw QuernException.corrupt("the source has other bytes for it");
            }
            MemorySegment chunk = MemorySegment.ofArray(bytes.get());
            boolean stored = store.chunks().put(space, chunk).stored();
            LOG.info("chunk {} of space {} is repaired", id, space);
            return stored;
        } catch (QuernException e) {
            if (problems.size() < MAX_PROBLEMS) {
                problems.add("chunk " + id + " of space " + space + ": " + e.getMessage());
            }
            return false;
        }
    }
}
