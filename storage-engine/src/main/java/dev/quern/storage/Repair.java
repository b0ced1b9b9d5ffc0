package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
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
/// node that is missing, so it checks and fetches again until that makes no difference. Not
/// thread-safe; [Maintenance] runs one at a time.
final class Repair {
    private static final Logger LOG = LoggerFactory.getLogger(Repair.class);
    private static final int MAX_PROBLEMS = 100;

    private final PackChunkStore chunks;
    private final Fsck fsck;

    Repair(PackChunkStore chunks, Fsck fsck) {
        this.chunks = chunks;
        this.fsck = fsck;
    }

    RepairReport run(ChunkSource source, long bytesPerSecond) {
        long repaired = 0;
        List<String> problems = new ArrayList<>();
        while (true) {
            Fsck.Outcome found = fsck.check(bytesPerSecond);
            Map<SpaceId, Set<ChunkId>> wanted = new HashMap<>();
            found.bad().forEach((space, chunks) -> wanted.put(space, chunks.keySet()));
            source.expect(wanted);
            long now = 0;
            for (Map.Entry<SpaceId, Map<ChunkId, String>> space : found.bad().entrySet()) {
                for (ChunkId id : space.getValue().keySet()) {
                    now += restore(source, space.getKey(), id, problems) ? 1 : 0;
                }
            }
            chunks.sync();
            repaired += now;
            if (now == 0) {
                problems.addAll(found.report().problems());
                return new RepairReport(
                        repaired, found.report().damaged(), found.report().findings(), problems);
            }
        }
    }

    private boolean restore(ChunkSource source, SpaceId space, ChunkId id, List<String> problems) {
        try {
            Optional<byte[]> bytes = source.fetch(space, id);
            if (bytes.isEmpty()) {
                return false;
            }
            if (!Checksums.sha256(ByteBuffer.wrap(bytes.get())).equals(id)) {
                throw QuernException.corrupt("the source has other bytes for it");
            }
            boolean stored = chunks.put(space, MemorySegment.ofArray(bytes.get())).stored();
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
