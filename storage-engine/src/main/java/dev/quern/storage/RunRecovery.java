package dev.quern.storage;

import dev.quern.storage.Pack.Kind;
import dev.quern.storage.RunFormat.Table;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What [PackRecovery] does for runs: takes the chunks of one that the index does not have yet if
/// its table is whole, body by body as each matches its checksum, and removes one that was never
/// finished.
final class RunRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(RunRecovery.class);

    private final Disk disk;
    private final Path directory;
    private final PackIndex index;

    RunRecovery(Disk disk, Path directory, PackIndex index) {
        this.disk = disk;
        this.directory = directory;
        this.index = index;
    }

    /// Takes in or removes a run that the index has not closed.
    ///
    /// @param named whether an entry of the index names it
    /// @param known whether the index tells what earlier processes made durable; if not, what is
    ///   read is only forced
    void recover(long id, boolean named, boolean known) throws IOException {
        Path file = Pack.file(directory, id, Kind.RUN);
        Path tableFile = RunFormat.tableFile(directory, id);
        try (Arena arena = Arena.ofConfined()) {
            Table table = table(tableFile, id, arena);
            RecoveredChunks chunks = new RecoveredChunks(index, id);
            if (table != null) {
                makeDurable(file, known);
                makeDurable(tableFile, known);
                MappedPack run = new MappedPack(file, arena, disk.map(file, arena), table);
                table.forEach(run, record -> addIfWhole(run, record, chunks));
            }
            if (chunks.count() > 0) {
                chunks.finish(file, disk.sizeBytes(file));
                return;
            }
        }
        if (named) {
            LOG.error("run {} has no whole table, left aside", file);
            return;
        }
        LOG.info("run {} was not finished, removed", file);
        disk.delete(file);
        disk.delete(tableFile);
        index.dropPack(id);
    }

    private void makeDurable(Path file, boolean known) throws IOException {
        long size = disk.sizeBytes(file);
        new DurableFile(disk, directory).make(file, known ? 0 : size, size);
    }

    private @Nullable Table table(Path file, long id, Arena arena) throws IOException {
        boolean isThere = disk.list(directory, String.valueOf(file.getFileName())).size() == 1;
        return isThere ? RunFormat.table(disk.map(file, arena), id, file.toString()) : null;
    }

    private static void addIfWhole(MappedPack run, PackRecord record, RecoveredChunks chunks) {
        if (record.bodyEnd() <= run.bytes().byteSize()
                && Checksums.crc32c(run.body(record)) == record.form().crc()) {
            chunks.add(record);
        } else {
            LOG.warn(
                    "run {} at offset {}: chunk {} does not match its checksum, skipped",
                    run.file(),
                    record.offset(),
                    record.id());
        }
    }

    /// Removes tables whose runs are gone: a deletion that a crash cut short.
    void dropTables(SortedSet<Long> runs) throws IOException {
        for (Path table : disk.list(directory, RunFormat.TABLE_SUFFIX)) {
            boolean used =
                    runs.stream().anyMatch(id -> RunFormat.tableFile(directory, id).equals(table));
            if (!used) {
                LOG.info("run of table {} is gone, removed", table);
                disk.delete(table);
            }
        }
    }
}
