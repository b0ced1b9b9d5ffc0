package dev.quern.storage;

import dev.quern.storage.PackFormat.Header;
import dev.quern.storage.PackIndex.PackState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the index up to what the packs hold, at open: reads each pack from where the index ends,
/// and all of them when the index is new. Cuts nothing from a pack but zeros.
///
/// What it finds may have been read from memory only: a killed process leaves bytes that no force
/// followed, and a force that failed leaves bytes that no later one writes. So it makes them
/// durable before it indexes them ([DurableFile]). With a new index, which does not tell what is
/// durable already, it only forces them.
final class PackRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(PackRecovery.class);

    private final Disk disk;
    private final Path directory;
    private final PackIndex index;
    private final DurableFile durable;

    PackRecovery(Disk disk, Path directory, PackIndex index) {
        this.disk = disk;
        this.directory = directory;
        this.index = index;
        this.durable = new DurableFile(disk, directory);
    }

    /// @param packs ids of the packs of records that are there
    /// @param runs ids of the runs that are there
    void run(SortedSet<Long> packs, SortedSet<Long> runs) throws IOException {
        dropMissing(id -> packs.contains(id) || runs.contains(id));
        boolean known = !index.isNew();
        durable.dropCopies();
        disk.syncDirectory(directory);
        for (long id : packs) {
            PackState state = state(id);
            if (!state.closed()) {
                recover(id, state, known);
            }
        }
        RunRecovery runRecovery = new RunRecovery(disk, directory, index);
        for (long id : runs) {
            PackState state = state(id);
            if (!state.closed()) {
                runRecovery.recover(id, state.chunks() > 0, known);
            }
        }
        runRecovery.dropTables(runs);
        disk.syncDirectory(directory);
    }

    private PackState state(long id) {
        return index.packs().getOrDefault(id, PackState.NEW);
    }

    /// What is forgotten here is forgotten for good: the next pack may get the id of one that is
    /// gone, and must not be taken for it after a power failure.
    private void dropMissing(LongPredicate isThere) {
        int before = index.packs().size();
        List<Long> lost = new ArrayList<>();
        for (Map.Entry<Long, PackState> known : index.packs().entrySet()) {
            if (!isThere.test(known.getKey()) && known.getValue().chunks() > 0) {
                lost.add(known.getKey());
            } else if (!isThere.test(known.getKey())) {
                index.dropPack(known.getKey()); // compaction had emptied and deleted it
            }
        }
        if (!lost.isEmpty()) {
            LOG.error(
                    "packs are missing in {}: {}; indexing the others again",
                    directory,
                    lost.stream().map(id -> Pack.file(directory, id).getFileName()).toList());
            index.clear();
        }
        if (index.packs().size() < before) {
            index.sync();
        }
    }

    private void recover(long id, PackState state, boolean known) throws IOException {
        Path file = Pack.file(directory, id);
        long used;
        long size;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pack = disk.map(file, arena);
            size = pack.byteSize();
            Header header = PackFormat.header(pack, id, file.toString());
            if (header == null) {
                dropIfEmpty(file, pack);
                return;
            }
            PackScanner scanner = new PackScanner(file.toString(), pack, header);
            long from = state.indexedThrough();
            used = scanner.scan(from, _ -> {});
            long end = Math.min(used, size); // padding may be missing
            long again = from == PackFormat.HEADER_BYTES ? 0 : Math.min(from, end);
            durable.make(file, known ? again : end, end);
            RecoveredChunks chunks = new RecoveredChunks(index, id);
            scanner.scan(from, chunks::add);
            chunks.finish(file, used);
        }
        if (used < size) {
            disk.truncate(file, used);
        }
    }

    /// A crash right after a pack was begun leaves nothing of use.
    private void dropIfEmpty(Path file, MemorySegment pack) throws IOException {
        for (long at = 0; at < pack.byteSize(); at++) {
            if (pack.get(ValueLayout.JAVA_BYTE, at) != 0) {
                LOG.error("pack {} at offset 0 has no valid header, left aside", file);
                return;
            }
        }
        LOG.info("pack {} is empty, removed", file);
        disk.delete(file);
    }
}
