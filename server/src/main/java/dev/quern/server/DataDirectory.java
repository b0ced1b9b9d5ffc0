package dev.quern.server;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/// The folder that holds everything a server keeps, locked for one process.
///
/// ```text
/// DATA/
///   LOCK          held while a server runs; its text is the process id
///   admin.token   the first token, mode 0600
///   ticket.key    signs Flight tickets, mode 0600
///   store/        chunks and facts: what a backup has
///   cache/        views, index files, sandboxes: made again when it is missing
/// ```
///
/// The lock goes when the process ends, however it ends.
final class DataDirectory implements AutoCloseable {
    /// The folder of the storage engine.
    static final String STORE = "store";

    private final Path root;
    private final FileChannel lockFile;

    private DataDirectory(Path root, FileChannel lockFile) {
        this.root = root;
        this.lockFile = lockFile;
    }

    /// Creates the folder when it is not there (mode 0700) and locks it.
    ///
    /// @throws QuernException `CONFLICT` when another process has it; `INVALID` when it cannot be
    ///   used
    @MustBeClosed
    static DataDirectory open(Path root) {
        try {
            if (!Files.exists(root)) {
                Files.createDirectories(root.toAbsolutePath().getParent());
                Files.createDirectory(
                        root,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
            }
            FileChannel channel =
                    FileChannel.open(
                            root.resolve("LOCK"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                String owner = Files.readString(root.resolve("LOCK")).strip();
                channel.close();
                throw QuernException.conflict(
                        "data directory "
                                + root
                                + " is in use by another quern server (process "
                                + owner
                                + "); stop it, or name another directory with --data");
            }
            channel.truncate(0);
            String owner = ProcessHandle.current().pid() + "\n";
            writeFully(channel, owner.getBytes(StandardCharsets.US_ASCII));
            return new DataDirectory(root.toRealPath(), channel);
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "data directory " + root + " cannot be used: " + e.getMessage(),
                    e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static void writeFully(FileChannel channel, byte[] content) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    Path store() {
        return root.resolve(STORE);
    }

    Path cache(String part) {
        return root.resolve("cache").resolve(part);
    }

    Path secret(String name) {
        return root.resolve(name);
    }

    /// Writes a file that only its owner may read, whole or not at all.
    void writeSecret(String name, byte[] content) {
        Path target = root.resolve(name);
        Path part = root.resolve(name + ".part");
        try {
            Files.deleteIfExists(part);
            Files.createFile(
                    part,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                writeFully(channel, content);
                channel.force(true);
            }
            move(part, target);
        } catch (IOException e) {
            throw QuernException.internal("cannot write " + target + ": " + e.getMessage(), e);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw QuernException.internal("cannot release the lock of " + root, e);
        }
    }
}
