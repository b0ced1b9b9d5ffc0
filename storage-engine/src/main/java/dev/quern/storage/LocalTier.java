package dev.quern.storage;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A tier in a directory, on a second disk or a network file system: a blob `a/b` is the file
/// `a/b`. It is written under `.tmp/` first, forced, and then linked to its name, which fails if
/// the name is taken; so the file system must have hard links. Several processes may share it.
///
/// What a crash leaves in `.tmp/` is removed by an [#open] a day later.
public final class LocalTier implements Tier {
    private static final Logger LOG = LoggerFactory.getLogger(LocalTier.class);
    private static final Duration ABANDONED = Duration.ofDays(1);
    private static final int SLICE_BYTES = 1 << 20;
    private static final int NAME_BYTES = 16;

    private final Disk disk = new LocalDisk();
    private final Path root;
    private final Path temporary;
    private final RandomGenerator random;

    private LocalTier(Path root, RandomGenerator random) {
        this.root = root;
        this.temporary = root.resolve(".tmp");
        this.random = random;
    }

    /// Opens a directory, making it when absent.
    ///
    /// @param random names temporary files: a secure one where processes share the directory
    /// @throws QuernException `UNAVAILABLE` if it cannot be made or read
    @MustBeClosed
    public static LocalTier open(Path root, RandomGenerator random, InstantSource clock) {
        LocalTier tier = new LocalTier(root, random);
        try {
            tier.disk.createDirectories(tier.temporary);
            tier.dropAbandoned(clock.instant());
        } catch (IOException e) {
            throw StorageErrors.of("cannot open tier " + root, e);
        }
        return tier;
    }

    private void dropAbandoned(Instant now) throws IOException {
        for (Path file : disk.list(temporary, "")) {
            try {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(ABANDONED))) {
                    LOG.info("tier {}: removing {}, left by a crash", root, file);
                    disk.delete(file);
                }
            } catch (NoSuchFileException e) {
                LOG.debug("tier {}: {} is gone: {}", root, file, e.toString());
            }
        }
    }

    @Override
    public boolean putIfAbsent(String name, MemorySegment bytes) {
        Path target = path(name);
        Path parent = parent(target);
        try {
            makeDirectories(parent);
            if (Files.exists(target, NOFOLLOW_LINKS)) {
                requireFile(target);
                disk.syncDirectory(parent);
                return false;
            }
            return publish(bytes, target);
        } catch (FileAlreadyExistsException | NotDirectoryException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "blob " + name + " lies below another blob in tier " + root,
                    e);
        } catch (UnsupportedOperationException e) {
            throw new QuernException(
                    ErrorKind.INVALID, "tier " + root + " must be on a disk with hard links", e);
        } catch (IOException e) {
            throw StorageErrors.of("cannot write blob " + name + " in tier " + root, e);
        }
    }

    private void makeDirectories(Path directory) throws IOException {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        disk.createDirectories(directory);
    }

    private boolean publish(MemorySegment bytes, Path target) throws IOException {
        byte[] id = new byte[NAME_BYTES];
        random.nextBytes(id);
        Path file = temporary.resolve(HexFormat.of().formatHex(id));
        try {
            write(bytes, file);
            boolean first = link(file, target);
            disk.syncDirectory(parent(target));
            return first;
        } finally {
            disk.delete(file);
        }
    }

    private static void write(MemorySegment bytes, Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < bytes.byteSize(); at += SLICE_BYTES) {
                long length = Math.min(SLICE_BYTES, bytes.byteSize() - at);
                ByteBuffer slice = Segments.buffer(bytes.asSlice(at, length));
                while (slice.hasRemaining()) {
                    channel.write(slice);
                }
            }
            channel.force(true);
        }
    }

    private boolean link(Path file, Path target) throws IOException {
        try {
            Files.createLink(target, file);
            return true;
        } catch (FileAlreadyExistsException e) {
            LOG.debug("tier {}: lost the race for {}: {}", root, target, e.toString());
            requireFile(target);
            return false;
        }
    }

    private static void requireFile(Path target) {
        if (!Files.isRegularFile(target)) {
            throw QuernException.invalid("blob name " + target + " is taken by a directory");
        }
    }

    @Override
    public long read(String name, long offset, MemorySegment target) {
        Path file = path(name);
        TierNames.requireOffset(name, offset);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long at = 0;
            while (at < target.byteSize()) {
                long length = Math.min(SLICE_BYTES, target.byteSize() - at);
                int read = channel.read(Segments.target(target.asSlice(at, length)), offset + at);
                if (read < 0) {
                    break;
                }
                at += read;
            }
            return at;
        } catch (IOException e) {
            throw unreadable(name, file, e);
        }
    }

    private QuernException unreadable(String name, Path file, IOException cause) {
        try {
            if (sizeOf(file).isEmpty()) {
                return new QuernException(
                        ErrorKind.NOT_FOUND, "blob " + name + " is not in tier " + root, cause);
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        return StorageErrors.of("cannot read blob " + name + " of tier " + root, cause);
    }

    @Override
    public OptionalLong size(String name) {
        try {
            return sizeOf(path(name));
        } catch (IOException e) {
            throw StorageErrors.of("cannot read blob " + name + " of tier " + root, e);
        }
    }

    private OptionalLong sizeOf(Path file) throws IOException {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, NOFOLLOW_LINKS);
            return attributes.isRegularFile()
                    ? OptionalLong.of(attributes.size())
                    : OptionalLong.empty();
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        } catch (FileSystemException e) {
            for (Path above = parent(file); !above.equals(root); above = parent(above)) {
                if (Files.isRegularFile(above, NOFOLLOW_LINKS)) {
                    return OptionalLong.empty(); // there can be nothing below a blob
                }
            }
            throw e;
        }
    }

    @Override
    public List<Blob> list(String prefix, String after, int limit) {
        TierNames.requirePage(prefix, after, limit);
        Page page = new Page(prefix, after, limit);
        try {
            collect(root, "", page);
        } catch (IOException e) {
            throw StorageErrors.of("cannot list tier " + root, e);
        }
        return page.blobs();
    }

    private void collect(Path directory, String path, Page page) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = path + entry.getFileName();
                if (name.startsWith(".")) {
                    continue;
                }
                if (Files.isDirectory(entry, NOFOLLOW_LINKS)) {
                    if (page.mayHoldBelow(name + "/")) {
                        collect(entry, name + "/", page);
                    }
                } else if (page.takes(name)) {
                    page.add(name, sizeOf(entry).orElse(-1));
                }
            }
        } catch (NoSuchFileException e) {
            LOG.debug("tier {}: {} is gone: {}", root, directory, e.toString());
        }
    }

    /// The first `limit` names in order, of all that are offered.
    private record Page(String prefix, String after, int limit, TreeMap<String, Long> found) {
        Page(String prefix, String after, int limit) {
            this(prefix, after, limit, new TreeMap<>());
        }

        boolean takes(String name) {
            return name.startsWith(prefix)
                    && name.compareTo(after) > 0
                    && (found.size() < limit || name.compareTo(found.lastKey()) < 0);
        }

        /// Whether a name that starts so may belong here.
        boolean mayHoldBelow(String start) {
            boolean inPrefix = start.startsWith(prefix) || prefix.startsWith(start);
            boolean beyond = start.compareTo(after) > 0 || after.startsWith(start);
            return inPrefix
                    && beyond
                    && (found.size() < limit || start.compareTo(found.lastKey()) < 0);
        }

        void add(String name, long sizeBytes) {
            if (sizeBytes >= 0) {
                found.put(name, sizeBytes);
                if (found.size() > limit) {
                    found.pollLastEntry();
                }
            }
        }

        List<Blob> blobs() {
            return found.entrySet().stream()
                    .map(entry -> new Blob(entry.getKey(), entry.getValue()))
                    .toList();
        }
    }

    @Override
    public void delete(String name) {
        Path file = path(name);
        try {
            if (sizeOf(file).isPresent()) {
                disk.delete(file);
                disk.syncDirectory(parent(file));
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot delete blob " + name + " of tier " + root, e);
        }
    }

    private Path path(String name) {
        return root.resolve(TierNames.require(name));
    }

    private Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? root : parent;
    }

    @Override
    public String toString() {
        return root.toString();
    }

    @Override
    public void close() {
        // Holds nothing open.
    }
}
