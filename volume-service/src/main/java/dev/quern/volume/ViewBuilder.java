package dev.quern.volume;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Writes a tree as read-only files and directories, and removes such directories again.
/// Thread-safe.
final class ViewBuilder {
    private static final Set<PosixFilePermission> FILE = mode("r--r--r--");
    private static final Set<PosixFilePermission> SEALED = mode("r-xr-xr-x");
    private static final Set<PosixFilePermission> OPEN = mode("rwxr-xr-x");

    private final ChunkStore chunks;
    private final OpenReads reads;
    private final NodeStore nodes;
    private final FileLinker linker = new FileLinker(FILE);

    ViewBuilder(ChunkStore chunks, NodeStore nodes, OpenReads reads) {
        this.chunks = chunks;
        this.reads = reads;
        this.nodes = nodes;
    }

    /// Makes a directory, unless it is there, that any user of the machine may enter, whatever the
    /// umask.
    static void makeDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, OPEN);
    }

    /// Writes everything below a root directory into a new directory.
    ///
    /// @throws QuernException `EXHAUSTED` if the disk is full; `INVALID` if a path cannot be one on
    ///   this machine; `UNAVAILABLE` if the disk fails
    void build(SpaceId space, ChunkId root, Path directory) {
        Path at = directory;
        try (OpenReads.Read _ = reads.tree(space, root)) {
            Files.createDirectory(directory);
            TreeWalk walk = new TreeWalk(nodes, space, TreeWalk.root(root), true);
            while (walk.hasNext()) {
                TreeWalk.Place place = walk.next();
                at = directory.resolve(place.path().value());
                switch (place.entry()) {
                    case Entry.Directory _ -> Files.createDirectory(at);
                    case Entry.File file -> write(space, place.info(), file, at);
                }
            }
            Files.walkFileTree(directory, new Chmod(SEALED));
        } catch (IOException e) {
            throw failure(at, e);
        } catch (InvalidPathException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "a path cannot be a file name on this machine (is its locale UTF-8?): "
                            + e.getMessage(),
                    e);
        }
    }

    private void write(SpaceId space, FileInfo info, Entry.File file, Path path)
            throws IOException {
        FileTime modifiedAt = FileTime.fromMillis(file.modifiedAtMillis());
        try (FileContent content = new FileContent(chunks, reads, space, info, file.content())) {
            if (linker.link(content, modifiedAt, path)) {
                content.verify();
                return;
            }
            copy(content, path);
        }
        Files.setLastModifiedTime(path, modifiedAt);
        Files.setPosixFilePermissions(path, FILE);
    }

    private static void copy(FileContent content, Path path) throws IOException {
        try (FileChannel out =
                FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            long at = 0;
            while (at < content.info().sizeBytes()) {
                ByteBuffer bytes = content.segment(at).asByteBuffer();
                at += bytes.remaining();
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
            }
        }
    }

    /// Removes a directory and all in it, if it is there.
    void remove(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try {
            // A directory that is sealed lets nobody but root remove what is in it.
            Files.walkFileTree(directory, new Chmod(OPEN));
            Files.walkFileTree(directory, new Delete());
        } catch (IOException e) {
            throw failure(directory, e);
        }
    }

    /// The error for a failed operation on a view's file.
    static QuernException failure(Path path, IOException e) {
        String message = "view file " + path + ": " + e.getMessage();
        if (String.valueOf(e.getMessage()).contains("No space left")) {
            return new QuernException(ErrorKind.EXHAUSTED, message, e);
        }
        if (String.valueOf(e.getMessage()).contains("File name too long")) {
            return new QuernException(ErrorKind.INVALID, message, e);
        }
        return new QuernException(ErrorKind.UNAVAILABLE, message, e);
    }

    private static Set<PosixFilePermission> mode(String text) {
        return Set.copyOf(PosixFilePermissions.fromString(text));
    }

    /// Opens directories on the way down; seals them on the way up.
    private static final class Chmod extends SimpleFileVisitor<Path> {
        private final Set<PosixFilePermission> mode;

        Chmod(Set<PosixFilePermission> mode) {
            this.mode = mode;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
                throws IOException {
            if (mode.equals(OPEN)) {
                Files.setPosixFilePermissions(path, mode);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path path, @Nullable IOException error)
                throws IOException {
            Files.setPosixFilePermissions(path, mode);
            return super.postVisitDirectory(path, error);
        }
    }

    private static final class Delete extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
                throws IOException {
            Files.delete(path);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path path, @Nullable IOException error)
                throws IOException {
            Files.delete(path);
            return super.postVisitDirectory(path, error);
        }
    }
}
