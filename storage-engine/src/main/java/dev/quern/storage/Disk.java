package dev.quern.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// The file operations that durability rests on, apart so that tests can refuse, tear or lose them.
/// Thread-safe.
interface Disk {
    /// Makes a directory and its parents, if absent, and makes their names durable.
    void createDirectories(Path directory) throws IOException;

    /// The regular files in a directory whose names end so, in no order.
    List<Path> list(Path directory, String suffix) throws IOException;

    /// Makes a new file of `sizeBytes` zeros that take no space yet.
    DiskFile create(Path file, long sizeBytes) throws IOException;

    /// Opens a file that exists, to write into it.
    DiskFile open(Path file) throws IOException;

    /// Maps a whole file for reading; it stays mapped until the arena is closed.
    MemorySegment map(Path file, Arena arena) throws IOException;

    /// How long a file is.
    long sizeBytes(Path file) throws IOException;

    /// Cuts a file.
    void truncate(Path file, long sizeBytes) throws IOException;

    /// Forces a file that another process wrote, and looks whether that was of use: after a force
    /// that failed, a kernel may take bytes for written that never left its memory.
    ///
    /// @param from the first byte of a range to look at
    /// @param to its end; the same as `from` to look at none
    /// @return whether the device has the bytes of that range that can be read now; false also
    ///   where the file system cannot tell
    boolean force(Path file, long from, long to) throws IOException;

    /// Gives a file another name in its directory, which no file has.
    void rename(Path from, Path to) throws IOException;

    /// Puts a file in the place of another of its directory, in one step.
    void replace(Path from, Path to) throws IOException;

    /// Removes a file, if it is there.
    void delete(Path file) throws IOException;

    /// Makes the names in a directory durable.
    void syncDirectory(Path directory) throws IOException;

    /// Bytes that can still be written near a path.
    long usableBytes(Path near) throws IOException;

    /// Asked before each write of a database, which does its own I/O.
    ///
    /// @throws IOException to make that write fail
    void admit(Path database) throws IOException;

    /// Told after each write of a database that made it and all before it durable.
    default void synced(Path database) {}

    /// A file that is being written.
    interface DiskFile extends AutoCloseable {
        /// Writes all of a buffer at an offset.
        void write(ByteBuffer bytes, long offset) throws IOException;

        /// Makes the bytes written before durable.
        void force() throws IOException;

        /// Cuts or extends with zeros.
        void resize(long sizeBytes) throws IOException;

        /// Maps the whole file for reading; later writes show.
        MemorySegment map(Arena arena) throws IOException;

        @Override
        void close() throws IOException;
    }
}
