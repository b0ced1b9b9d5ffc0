package dev.quern.storage;

import dev.quern.storage.Disk.DiskFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes what can be read of a file durable, though another process wrote it and whatever became of
/// its forces. A file that the device has as it is read is only forced. Of any other a durable copy
/// takes the place: what was acknowledged lies in the same sectors as what was not, and is never
/// written over, so that a power failure in the middle cannot take it.
///
/// @param directory where the files are
record DurableFile(Disk disk, Path directory) {
    /// A copy that is being made; one that is found at open is of no use.
    static final String COPY_SUFFIX = ".copy";

    private static final Logger LOG = LoggerFactory.getLogger(DurableFile.class);
    private static final int SLICE_BYTES = 4 << 20;

    /// Makes a file durable.
    ///
    /// @param from the first byte of what may not be on the device
    /// @param to its end; the same as `from` to only force the file
    void make(Path file, long from, long to) throws IOException {
        if (disk.force(file, from, to)) {
            return;
        }
        LOG.info("{}: bytes {} to {} may not be on the device, copied", file, from, to);
        Path copy = file.resolveSibling(file.getFileName() + COPY_SUFFIX);
        disk.delete(copy);
        copy(file, copy);
        disk.replace(copy, file);
        disk.syncDirectory(directory);
    }

    private void copy(Path file, Path copy) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = disk.map(file, arena);
            try (DiskFile out = disk.create(copy, bytes.byteSize())) {
                for (long at = 0; at < bytes.byteSize(); at += SLICE_BYTES) {
                    long length = Math.min(SLICE_BYTES, bytes.byteSize() - at);
                    out.write(bytes.asSlice(at, length).asByteBuffer(), at);
                }
                out.force();
            }
        }
    }

    /// Removes copies that a process left unfinished.
    void dropCopies() throws IOException {
        for (Path copy : disk.list(directory, COPY_SUFFIX)) {
            disk.delete(copy);
        }
    }
}
