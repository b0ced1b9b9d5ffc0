package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.storage.SimPlan.Call;
import dev.quern.storage.SimPlan.Fault;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A file system in memory that fails at any call and loses its power as a real one does: bytes
/// that no force followed are kept, dropped, torn or kept out of order, and so are the names of
/// files in a directory that was not synced, apart from the bytes. After [#powerLoss] or [#kill]
/// this disk answers nothing more, and the disk that they return is what the next process finds.
///
/// Directories of databases that do their own I/O lie on the machine's own disk, outside of this.
/// Thread-safe: one monitor.
final class SimDisk implements Disk {
    /// What of the unsynced changes a power failure takes.
    enum Loss {
        EVERYTHING,
        NOTHING,
        /// All that is later than some moment.
        PREFIX,
        /// Each for itself.
        RANDOM
    }

    private final Disk real = new LocalDisk();
    private final Predicate<Path> isReal;
    private final RandomGenerator random;

    @GuardedBy("this")
    private final Map<Path, SimFile> names = new TreeMap<>();

    @GuardedBy("this")
    private final Map<Path, SimFile> durableNames = new TreeMap<>();

    @GuardedBy("this")
    private final List<NameChange> unsyncedNames = new ArrayList<>();

    @GuardedBy("this")
    private final List<SimFile> files = new ArrayList<>();

    @GuardedBy("this")
    private SimPlan plan = SimPlan.GOOD;

    @GuardedBy("this")
    private boolean off;

    @GuardedBy("this")
    private long calls;

    @GuardedBy("this")
    private long sequence;

    @GuardedBy("this")
    private int openHandles;

    @GuardedBy("this")
    private long usable = Long.MAX_VALUE;

    /// Databases that were synced.
    @GuardedBy("this")
    private final Set<Path> synced = new HashSet<>();

    /// Of every call with its arguments and its end.
    @GuardedBy("this")
    private long history = 17;

    /// A name that came to stand for a file, or for none.
    private record NameChange(long sequence, Path path, @Nullable SimFile file) {}

    /// An empty disk.
    ///
    /// @param isReal which paths lie on the machine's own disk
    SimDisk(RandomGenerator random, Predicate<Path> isReal) {
        this.random = random;
        this.isReal = isReal;
    }

    synchronized void plan(SimPlan next) {
        plan = next;
    }

    /// Calls so far.
    synchronized long calls() {
        return calls;
    }

    /// The same for two runs that made the same calls.
    synchronized long history() {
        return history;
    }

    synchronized boolean isOff() {
        return off;
    }

    synchronized void limitUsable(long bytes) {
        usable = bytes;
    }

    /// Open handles and mappings that live.
    synchronized long held() {
        return openHandles + files.stream().mapToLong(SimFile::liveMappings).sum();
    }

    /// What the next process finds after a power failure.
    synchronized SimDisk powerLoss(Loss loss) {
        off = true;
        SimDisk next = new SimDisk(random, isReal);
        long through = sequence - random.nextLong(Math.min(sequence, 40) + 1);
        Map<Path, SimFile> left = new TreeMap<>(durableNames);
        for (NameChange change : unsyncedNames) {
            boolean kept =
                    switch (loss) {
                        case EVERYTHING -> false;
                        case NOTHING -> true;
                        case PREFIX -> change.sequence <= through;
                        case RANDOM -> random.nextBoolean();
                    };
            if (kept) {
                put(left, change.path, change.file);
            }
        }
        left.forEach(
                (path, file) -> next.adopt(path, file.afterPowerLoss(random, loss, through), true));
        next.resume(history, 0);
        return next;
    }

    /// What the next process finds when this one has died and the machine goes on.
    synchronized SimDisk kill() {
        off = true;
        SimDisk next = new SimDisk(random, isReal);
        next.resume(history, sequence);
        IdentityHashMap<SimFile, SimFile> restarted = new IdentityHashMap<>();
        names.forEach((path, file) -> {
            SimFile same = restarted.computeIfAbsent(file, SimFile::restarted);
            next.adopt(path, same, false);
        });
        durableNames.forEach((path, file) ->
                next.durable(path, restarted.computeIfAbsent(file, SimFile::restarted)));
        for (NameChange change : unsyncedNames) {
            SimFile file =
                    change.file == null
                            ? null
                            : restarted.computeIfAbsent(change.file, SimFile::restarted);
            next.unsynced(new NameChange(change.sequence, change.path, file));
        }
        return next;
    }

    private synchronized void resume(long made, long numbered) {
        history = made;
        sequence = numbered;
    }

    private synchronized void adopt(Path path, SimFile file, boolean durable) {
        names.put(path, file);
        files.add(file);
        if (durable) {
            durableNames.put(path, file);
        }
    }

    private synchronized void durable(Path path, SimFile file) {
        durableNames.put(path, file);
    }

    private synchronized void unsynced(NameChange change) {
        unsyncedNames.add(change);
    }

    private static void put(Map<Path, SimFile> names, Path path, @Nullable SimFile file) {
        if (file == null) {
            names.remove(path);
        } else {
            names.put(path, file);
        }
    }

    /// Turns bits in files that are durable.
    ///
    /// @return the file that was damaged, or null if there is none
    synchronized @Nullable Path flipBit(Predicate<Path> where) {
        List<Path> paths = names.keySet().stream().filter(where).toList();
        if (paths.isEmpty()) {
            return null;
        }
        Path path = paths.get(random.nextInt(paths.size()));
        SimFile file = names.get(path);
        if (file != null) {
            file.flipBit(random);
        }
        return path;
    }

    /// The files that programs see, with their bytes.
    synchronized Map<Path, byte[]> contents() {
        Map<Path, byte[]> contents = new TreeMap<>();
        names.forEach((path, file) -> contents.put(path, file.bytes()));
        return contents;
    }

    @GuardedBy("this")
    private Fault enter(Call call, Path path, long detail) throws IOException {
        if (off) {
            throw new IOException("the power is off");
        }
        calls++;
        Fault fault = plan.at(calls, call, path);
        String name = String.valueOf(path.getFileName());
        history = history * 31 + (call + name + fault).hashCode();
        history = history * 31 + detail;
        switch (fault) {
            case IO -> {
                if (call != Call.FORCE) {
                    throw new IOException("Input/output error");
                }
            }
            case FULL -> {
                if (call != Call.WRITE) {
                    throw new IOException("No space left on device");
                }
            }
            case POWER_BEFORE -> leave(fault);
            case NONE, POWER_AFTER -> {}
        }
        return fault;
    }

    @GuardedBy("this")
    private void leave(Fault fault) throws IOException {
        if (fault == Fault.POWER_BEFORE || fault == Fault.POWER_AFTER) {
            off = true;
            throw new IOException("the power fails");
        }
    }

    @GuardedBy("this")
    private void name(Path path, @Nullable SimFile file) {
        put(names, path, file);
        unsyncedNames.add(new NameChange(++sequence, path, file));
    }

    @GuardedBy("this")
    private SimFile file(Path path) throws NoSuchFileException {
        SimFile file = names.get(path);
        if (file == null) {
            throw new NoSuchFileException(path.toString());
        }
        return file;
    }

    @Override
    public synchronized void createDirectories(Path directory) throws IOException {
        Fault fault = enter(Call.DIRECTORIES, directory, 0);
        real.createDirectories(directory);
        leave(fault);
    }

    @Override
    public synchronized List<Path> list(Path directory, String suffix) throws IOException {
        if (isReal.test(directory)) {
            return real.list(directory, suffix);
        }
        enter(Call.LIST, directory, 0);
        return names.keySet().stream()
                .filter(path -> directory.equals(path.getParent()))
                .filter(path -> path.toString().endsWith(suffix))
                .toList();
    }

    @Override
    public synchronized DiskFile create(Path path, long sizeBytes) throws IOException {
        Fault fault = enter(Call.CREATE, path, sizeBytes);
        if (names.containsKey(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        SimFile file = new SimFile(new byte[0]);
        files.add(file);
        name(path, file);
        file.resize(++sequence, sizeBytes);
        leave(fault);
        openHandles++;
        return new Handle(path, file);
    }

    @Override
    public synchronized DiskFile open(Path path) throws IOException {
        enter(Call.OPEN, path, 0);
        Handle handle = new Handle(path, file(path));
        openHandles++;
        return handle;
    }

    @Override
    public synchronized MemorySegment map(Path path, Arena arena) throws IOException {
        enter(Call.MAP, path, 0);
        return file(path).map(arena);
    }

    @Override
    public synchronized long sizeBytes(Path path) throws IOException {
        enter(Call.SIZE, path, 0);
        return file(path).sizeBytes();
    }

    @Override
    public synchronized void truncate(Path path, long sizeBytes) throws IOException {
        Fault fault = enter(Call.TRUNCATE, path, sizeBytes);
        SimFile file = file(path);
        if (sizeBytes < file.sizeBytes()) {
            file.resize(++sequence, sizeBytes);
        }
        leave(fault);
    }

    @Override
    public synchronized boolean force(Path path, long from, long to) throws IOException {
        Fault fault = enter(Call.FORCE, path, from * 31 + to);
        SimFile file = file(path);
        if (fault == Fault.IO) {
            file.forceFails(random);
            throw new IOException("Input/output error");
        }
        file.force();
        leave(fault);
        boolean tells = random.nextInt(4) > 0;
        return from == to || (tells && file.isOnDevice(from, to));
    }

    @Override
    public synchronized void delete(Path path) throws IOException {
        if (isReal.test(path)) {
            real.delete(path);
            return;
        }
        Fault fault = enter(Call.DELETE, path, 0);
        if (names.containsKey(path)) {
            name(path, null);
        }
        leave(fault);
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        if (names.containsKey(to)) {
            throw new FileAlreadyExistsException(to.toString());
        }
        replace(from, to);
    }

    @Override
    public synchronized void replace(Path from, Path to) throws IOException {
        Fault fault = enter(Call.RENAME, to, 0);
        SimFile file = file(from);
        // A file system renames in one step, so a power failure takes both changes or none.
        put(names, to, file);
        put(names, from, null);
        long number = ++sequence;
        unsyncedNames.add(new NameChange(number, to, file));
        unsyncedNames.add(new NameChange(number, from, null));
        leave(fault);
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        Fault fault = enter(Call.SYNC_NAMES, directory, 0);
        for (NameChange change : unsyncedNames) {
            if (directory.equals(change.path.getParent())) {
                put(durableNames, change.path, change.file);
            }
        }
        unsyncedNames.removeIf(change -> directory.equals(change.path.getParent()));
        leave(fault);
    }

    @Override
    public synchronized long usableBytes(Path near) {
        return usable;
    }

    @Override
    public synchronized void admit(Path database) throws IOException {
        leave(enter(Call.DATABASE, database, 0));
    }

    @Override
    public synchronized void synced(Path database) {
        synced.add(database);
    }

    /// Whether a database was synced since it was last forgotten.
    synchronized boolean isSynced(Path database) {
        return synced.contains(database);
    }

    synchronized void forgetSynced(Path database) {
        synced.remove(database);
    }

    /// An open file.
    private final class Handle implements DiskFile {
        private final Path path;
        private final SimFile file;
        private boolean closed;

        Handle(Path path, SimFile file) {
            this.path = path;
            this.file = file;
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new FileNotFoundException(path + " is closed");
            }
        }

        @Override
        public void write(ByteBuffer bytes, long offset) throws IOException {
            synchronized (SimDisk.this) {
                requireOpen();
                Fault fault = enter(Call.WRITE, path, offset * 31 + Checksums.crc32c(bytes));
                int length = bytes.remaining();
                boolean full = fault == Fault.FULL;
                int taken = full ? random.nextInt(length + 1) : length;
                if (taken > 0) {
                    file.write(++sequence, bytes.slice(bytes.position(), taken), offset);
                }
                if (full) {
                    throw new IOException("No space left on device");
                }
                leave(fault);
            }
        }

        @Override
        public void force() throws IOException {
            synchronized (SimDisk.this) {
                requireOpen();
                Fault fault = enter(Call.FORCE, path, 0);
                if (fault == Fault.IO) {
                    file.forceFails(random);
                    throw new IOException("Input/output error");
                }
                file.force();
                leave(fault);
            }
        }

        @Override
        public void resize(long sizeBytes) throws IOException {
            synchronized (SimDisk.this) {
                requireOpen();
                Fault fault = enter(Call.RESIZE, path, sizeBytes);
                file.resize(++sequence, sizeBytes);
                leave(fault);
            }
        }

        @Override
        public MemorySegment map(Arena arena) throws IOException {
            synchronized (SimDisk.this) {
                requireOpen();
                enter(Call.MAP, path, 0);
                return file.map(arena);
            }
        }

        @Override
        public void close() {
            synchronized (SimDisk.this) {
                if (!closed) {
                    closed = true;
                    openHandles--;
                }
            }
        }
    }
}
