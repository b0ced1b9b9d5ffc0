package dev.quern.function;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads zip files that come from outside: names stay below the target, sizes are bounded, every
/// byte is checked.
final class Archives {
    private static final Logger LOG = LoggerFactory.getLogger(Archives.class);
    private static final long MAX_UNPACKED_BYTES = 2L << 30;
    private static final int MAX_ENTRIES = 100_000;

    private Archives() {}

    /// Unpacks a zip into a new directory; returns the bytes written.
    ///
    /// @throws QuernException `INVALID`, naming the artifact and what is wrong
    static long unpack(ArtifactId id, Path file, Path target) {
        return walk(id, file, target);
    }

    /// Reads a zip through; returns its size.
    ///
    /// @throws QuernException `INVALID`, naming the artifact and what is wrong
    static long check(ArtifactId id, Path file) {
        walk(id, file, null);
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw QuernException.internal("size of " + file, e);
        }
    }

    private static long walk(ArtifactId id, Path file, @Nullable Path target) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.size() > MAX_ENTRIES) {
                throw invalid(id, "has " + zip.size() + " entries, over " + MAX_ENTRIES);
            }
            long total = 1;
            byte[] buffer = new byte[64 << 10];
            if (target != null) {
                Files.createDirectories(target);
            }
            for (ZipEntry entry : Collections.list(zip.entries())) {
                Path to = target == null ? null : place(id, entry, target);
                if (!entry.isDirectory()) {
                    total += read(id, zip, entry, to, buffer, MAX_UNPACKED_BYTES - total);
                } else if (to != null) {
                    Files.createDirectories(to);
                }
            }
            if (target != null) {
                letOthersRead(target);
            }
            return total;
        } catch (ZipException e) {
            throw invalid(id, "is not a readable zip or jar: " + e.getMessage());
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "artifact " + id + " cannot be unpacked: " + e.getMessage(),
                    e);
        }
    }

    private static Path place(ArtifactId id, ZipEntry entry, Path target) {
        String name = entry.getName();
        Path to = name.indexOf('\0') >= 0 ? target : target.resolve(name).normalize();
        if (name.startsWith("/") || !to.startsWith(target)) {
            throw invalid(id, "has an entry outside of it: \"" + Names.abbreviate(name) + "\"");
        }
        return to;
    }

    private static long read(
            ArtifactId id,
            ZipFile zip,
            ZipEntry entry,
            @Nullable Path to,
            byte[] buffer,
            long maxBytes)
            throws IOException {
        CRC32 crc = new CRC32();
        long size = 0;
        if (to != null && to.getParent() != null) {
            Files.createDirectories(to.getParent());
        }
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc);
                OutputStream out =
                        to == null ? OutputStream.nullOutputStream() : Files.newOutputStream(to)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                size += n;
                if (size > maxBytes) {
                    throw invalid(id, "unpacks to over " + MAX_UNPACKED_BYTES + " bytes");
                }
                out.write(buffer, 0, n);
            }
        }
        if (entry.getCrc() >= 0 && entry.getCrc() != crc.getValue()) {
            throw invalid(
                    id, "is damaged in \"" + Names.abbreviate(entry.getName()) + "\" (checksum)");
        }
        return size;
    }

    /// Sandboxes of a service that runs as root have users of their own.
    static void letOthersRead(Path path) throws IOException {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : (Iterable<Path>) all::iterator) {
                String mode = Files.isDirectory(each) ? "rwxr-xr-x" : "rw-r--r--";
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString(mode));
            }
        }
    }

    private static QuernException invalid(ArtifactId id, String problem) {
        return QuernException.invalid("artifact " + id + " " + problem);
    }

    /// Removes a file or directory if it is there; what cannot be removed is logged.
    static void deleteTree(Path path) {
        if (!Files.exists(path)) {
            return;
        }
        try {
            Files.walkFileTree(
                    path,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes a)
                                throws IOException {
                            Files.delete(file);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(
                                Path folder, @Nullable IOException e) throws IOException {
                            Files.delete(folder);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            LOG.warn("{} not removed", path, e);
        }
    }
}
