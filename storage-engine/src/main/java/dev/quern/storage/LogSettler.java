package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.FactLogFormat.Header;
import dev.quern.storage.LogScanner.End;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the last group of a log durable, whatever left it there, by writing it once more in its
/// place. A power failure in the middle may garble it, also where no byte changes, so a copy of it
/// is durable before ([GroupCopyFormat]) and goes when the group is:
///
/// - The write in place begins only once the copy and its name are forced. So as long as the group
///   may be torn, the copy is whole, and is not written to.
/// - A copy counts only where the entries of the newest segment end in the middle of its group: of
///   that segment, told by its salt, and with the next index. Nothing is appended to a segment of
///   an earlier run, so a copy whose removal a crash took back finds its own group there, whole, or
///   a newer segment, and does nothing.
///
/// Not thread-safe.
final class LogSettler {
    static final String COPY = "group.copy";

    private static final Logger LOG = LoggerFactory.getLogger(LogSettler.class);

    private final Disk disk;
    private final Path directory;
    private final Path file;
    private boolean isThere;

    /// What the file holds, if it is whole.
    private @Nullable GroupCopy copy;

    LogSettler(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
        this.file = directory.resolve(COPY);
    }

    /// Ends what an earlier opening began, if it left the last group torn.
    ///
    /// @param newestIndex names the newest segment
    /// @throws QuernException `INVALID` if a later version of Quern left a copy, `CORRUPT` if
    ///   acknowledged entries follow the torn group
    void resume(long newestIndex) throws IOException {
        isThere = disk.list(directory, COPY).contains(file);
        copy = isThere ? read() : null;
        if (copy == null || copy.segmentIndex() != newestIndex || !isNeeded(copy)) {
            return;
        }
        LOG.warn(
                "log segment {} at offset {} has the group of entry {} torn, restored from {}",
                LogSegment.file(directory, newestIndex),
                copy.offset(),
                copy.firstIndex(),
                file);
        write(copy);
    }

    private @Nullable GroupCopy read() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return GroupCopyFormat.decode(disk.map(file, arena), file);
        }
    }

    private boolean isNeeded(GroupCopy found) throws IOException {
        Path segment = LogSegment.file(directory, found.segmentIndex());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = disk.map(segment, arena);
            Header header = FactLogFormat.header(bytes, found.segmentIndex(), segment);
            if (header == null) {
                return false;
            }
            LogScanner scanner = new LogScanner(segment, bytes, header);
            End end = scanner.scan(Long.MAX_VALUE, (_, _) -> {});
            boolean needed = found.completes(end, header);
            if (needed) {
                scanner.requireLast(end);
            }
            return needed;
        }
    }

    /// Whether an earlier opening may have begun to write this group again.
    boolean hasBegun(GroupCopy group) {
        return copy != null && copy.isSame(group);
    }

    /// Makes the last group of the newest segment durable, and ends the segment after it.
    ///
    /// @param group as it can be read
    void settle(GroupCopy group) throws IOException {
        if (hasBegun(group)) {
            // An earlier opening's. It may be the only one on the disk, and so is not written
            // again.
            try (DiskFile open = disk.open(file)) {
                open.force();
            }
        } else {
            save(group);
        }
        disk.syncDirectory(directory);
        write(group);
    }

    /// Leaves no copy that may not be durable: another force of it could not be believed.
    private void save(GroupCopy group) throws IOException {
        disk.delete(file);
        byte[] bytes = GroupCopyFormat.encode(group);
        boolean saved = false;
        try (DiskFile created = disk.create(file, bytes.length)) {
            created.write(ByteBuffer.wrap(bytes), 0);
            created.force();
            isThere = true;
            copy = group;
            saved = true;
        } finally {
            if (!saved) {
                disk.delete(file);
            }
        }
    }

    private void write(GroupCopy group) throws IOException {
        try (DiskFile open = disk.open(LogSegment.file(directory, group.segmentIndex()))) {
            open.write(ByteBuffer.wrap(group.bytes()), group.offset());
            open.resize(group.endOffset());
            open.force();
        }
    }

    /// Removes the copy once the log is durable without it. That it is gone need not be durable.
    void clear() throws IOException {
        if (isThere) {
            disk.delete(file);
        }
    }
}
