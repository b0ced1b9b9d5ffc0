package dev.quern.storage;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The machine's own file system.
final class LocalDisk implements Disk {
    /// Heap buffers go through a direct copy of this size at most.
    private static final int SLICE_BYTES = 256 << 10;

    /// Reads past the memory of the kernel, where the JDK has it. By name, since the compiler warns
    /// of any use of its class.
    private static final Optional<OpenOption> DIRECT = direct();

    private static Optional<OpenOption> direct() {
        try {
            Object[] options =
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
            return Stream.of(options)
                    .filter(option -> "DIRECT".equals(option.toString()))
                    .map(OpenOption.class::cast)
                    .findAny();
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = directory.toAbsolutePath().getParent();
        if (parent == null) {
            throw new NoSuchFileException(directory.toString());
        }
        createDirectories(parent);
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) { // else another process was faster
                throw e;
            }
        }
        syncDirectory(parent);
    }

    @Override
    public List<Path> list(Path directory, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .filter(Files::isRegularFile)
                    .toList();
        }
    }

    @Override
    public DiskFile create(Path file, long sizeBytes) throws IOException {
        Files.createFile(file);
        LocalFile created = new LocalFile(file);
        try {
            created.resize(sizeBytes);
            return created;
        } catch (IOException e) {
            created.close();
            throw e;
        }
    }

    @Override
    public DiskFile open(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        return new LocalFile(file);
    }

    @Override
    public MemorySegment map(Path file, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    @Override
    public long sizeBytes(Path file) throws IOException {
        return Files.size(file);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to);
    }

    @Override
    public void truncate(Path file, long sizeBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(sizeBytes);
        }
    }

    @Override
    public boolean force(Path file, long from, long to) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(false);
            return from == to
                    || (DIRECT.isPresent() && isOnDevice(file, channel, DIRECT.get(), from, to));
        }
    }

    /// Reads a range past the memory of the kernel, and compares.
    private static boolean isOnDevice(
            Path file, FileChannel seen, OpenOption direct, long from, long to) throws IOException {
        int block = Math.toIntExact(Files.getFileStore(file).getBlockSize());
        try (FileChannel device = FileChannel.open(file, StandardOpenOption.READ, direct)) {
            return isOnDevice(device::read, seen, block, from, to);
        } catch (UnsupportedOperationException | FileSystemException e) {
            return false; // opened like this only by some file systems
        }
    }

    /// Reads at an offset, as [FileChannel#read(ByteBuffer, long)] does.
    interface DeviceReader {
        int read(ByteBuffer into, long offset) throws IOException;
    }

    /// Compares what a device has with what can be read.
    ///
    /// @param device takes offsets, lengths and addresses that are multiples of `block`
    /// @return false if they differ, and if the device cannot be read like this: some file systems
    ///   refuse only that
    static boolean isOnDevice(DeviceReader device, FileChannel seen, int block, long from, long to)
            throws IOException {
        ByteBuffer stored = ByteBuffer.allocateDirect(SLICE_BYTES + block).alignedSlice(block);
        ByteBuffer shown = ByteBuffer.allocateDirect(SLICE_BYTES);
        for (long at = from - from % block; at < to; at += SLICE_BYTES) {
            int wanted = (int) Math.min(SLICE_BYTES, to - at);
            try {
                device.read(stored.clear().limit(SLICE_BYTES), at);
            } catch (IOException e) {
                return false;
            }
            readFully(seen, shown.clear().limit(wanted), at);
            if (stored.position() < wanted
                    || shown.flip().mismatch(stored.flip().limit(wanted)) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static void readFully(FileChannel channel, ByteBuffer into, long from)
            throws IOException {
        long at = from;
        while (into.hasRemaining()) {
            int read = channel.read(into, at);
            if (read < 0) {
                throw new EOFException("file ends at byte " + at);
            }
            at += read;
        }
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long usableBytes(Path near) throws IOException {
        // One statvfs. A FileStore reads the whole table of mounts first, at 50 us for each chunk.
        long usable = near.toFile().getUsableSpace();
        return usable > 0 ? usable : Files.getFileStore(near).getUsableSpace();
    }

    @Override
    public void admit(Path database) {
        // Every write may go ahead.
    }

    private static final class LocalFile implements DiskFile {
        private final RandomAccessFile file;
        private final FileChannel channel;

        LocalFile(Path path) throws IOException {
            file = new RandomAccessFile(path.toFile(), "rw");
            channel = file.getChannel();
        }

        @Override
        public void write(ByteBuffer bytes, long offset) throws IOException {
            ByteBuffer rest = bytes.duplicate();
            int end = rest.limit();
            long at = offset;
            while (rest.position() < end) {
                int slice = rest.isDirect() ? end : Math.min(end, rest.position() + SLICE_BYTES);
                rest.limit(slice);
                while (rest.hasRemaining()) {
                    at += channel.write(rest, at);
                }
                rest.limit(end);
            }
        }

        @Override
        public void force() throws IOException {
            channel.force(false);
        }

        @Override
        public void resize(long sizeBytes) throws IOException {
            file.setLength(sizeBytes);
        }

        @Override
        public MemorySegment map(Arena arena) throws IOException {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
