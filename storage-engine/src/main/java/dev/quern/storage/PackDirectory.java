package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Pack.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The packs of a store: which there are, and new ones. Thread-safe.
final class PackDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PackDirectory.class);
    private static final Pattern ID = Pattern.compile("[0-7][0-9a-f]{15}");

    private final Disk disk;
    private final Path directory;
    private final RandomGenerator random;
    private final long packBytes;
    private final long minFreeBytes;
    private final ConcurrentMap<Long, Pack> packs = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();
    private final AtomicLong storedBytes = new AtomicLong();
    private final AtomicBoolean namesUnsynced = new AtomicBoolean();

    /// Takes the settings; [#open] reads the directory.
    PackDirectory(Disk disk, Path directory, RandomGenerator random, StorageConfig config) {
        this.disk = disk;
        this.directory = directory;
        this.random = random;
        this.packBytes = config.packSize().bytes();
        this.minFreeBytes = config.minFree().bytes();
    }

    /// Finds the packs and indexes what the index lacks.
    void open(PackIndex index) throws IOException {
        disk.createDirectories(directory);
        new PackRecovery(disk, directory, index).run(find(Kind.RECORDS), find(Kind.RUN));
        for (Kind kind : Kind.values()) {
            for (long id : find(kind)) {
                packs.put(id, new Pack(disk, directory, id, kind));
                lastId.accumulateAndGet(id, Math::max);
                storedBytes.addAndGet(disk.sizeBytes(Pack.file(directory, id, kind)));
            }
        }
    }

    private SortedSet<Long> find(Kind kind) throws IOException {
        SortedSet<Long> ids = new TreeSet<>();
        for (Path file : disk.list(directory, kind.suffix())) {
            String name = String.valueOf(file.getFileName());
            if (ID.matcher(name.substring(0, name.length() - kind.suffix().length())).matches()) {
                ids.add(Long.parseLong(name.substring(0, 16), 16));
            } else {
                LOG.warn("pack directory has a file that is no pack: {}", file);
            }
        }
        return ids;
    }

    /// Begins a pack that has room for at least one body of this length.
    PackWriter begin(int bodyBytes) throws IOException {
        Pack pack = new Pack(disk, directory, lastId.incrementAndGet(), Kind.RECORDS);
        long capacity = Math.max(packBytes, PackWriter.bytesFor(bodyBytes));
        PackWriter writer = PackWriter.create(disk, pack, random.nextLong(), capacity);
        namesUnsynced.set(true);
        packs.put(pack.id(), pack);
        storedBytes.addAndGet(PackFormat.HEADER_BYTES);
        return writer;
    }

    /// Begins a run of chunks of one file.
    RunWriter beginRun(RunThreads threads, SpaceId space) throws IOException {
        Pack pack = new Pack(disk, directory, lastId.incrementAndGet(), Kind.RUN);
        return RunWriter.create(disk, pack, threads, space);
    }

    /// Takes in a run that is complete.
    void adopt(RunWriter run) {
        namesUnsynced.set(true);
        packs.put(run.pack().id(), run.pack());
        storedBytes.addAndGet(run.records().getLast().bodyEnd());
    }

    /// The pack with an id, or null if there is none (any more).
    @Nullable Pack find(long id) {
        return packs.get(id);
    }

    /// What is wrong when an index entry names a pack that is not there.
    QuernException missing(long id) {
        return QuernException.corrupt("pack " + Pack.file(directory, id) + " is missing");
    }

    /// Takes a pack that no index entry names any more out of the store; its files are removed once
    /// nobody reads them.
    ///
    /// @return whether they are gone for good already
    boolean delete(long id) throws IOException {
        Pack pack = packs.remove(id);
        if (pack == null) {
            return false;
        }
        storedBytes.addAndGet(-sizeBytes(pack));
        boolean gone = pack.delete();
        disk.syncDirectory(directory);
        return gone;
    }

    /// How long a pack's file is; 0 if that cannot be told.
    long sizeBytes(Pack pack) {
        try {
            return disk.sizeBytes(pack.file());
        } catch (IOException e) {
            LOG.warn("pack {}: cannot tell its size: {}", pack.file(), e.toString());
            return 0;
        }
    }

    /// The packs that are there now, in order of id.
    List<Pack> all() {
        return packs.values().stream().sorted(Comparator.comparingLong(Pack::id)).toList();
    }

    /// The size of a full pack.
    long packBytes() {
        return packBytes;
    }

    /// Makes the names of new packs durable. Who comes while another is at it waits, and one that
    /// fails leaves it to the next.
    synchronized void sync() throws IOException {
        if (!namesUnsynced.getAndSet(false)) {
            return;
        }
        boolean synced = false;
        try {
            disk.syncDirectory(directory);
            synced = true;
        } finally {
            if (!synced) {
                namesUnsynced.set(true);
            }
        }
    }

    /// Counts a record that was appended.
    void grew(PackRecord record) {
        storedBytes.addAndGet(record.end() - record.offset());
    }

    /// Counts what a pack got at its end.
    void finished(PackOutput output) {
        storedBytes.addAndGet(sizeBytes(output.pack()) - output.position());
    }

    /// Bytes in packs.
    long storedBytes() {
        return storedBytes.get();
    }

    /// Checks that a chunk leaves the configured reserve free.
    ///
    /// @throws QuernException `EXHAUSTED` otherwise
    void requireRoom(int bodyBytes) throws IOException {
        long needed = minFreeBytes + PackWriter.bytesFor(bodyBytes);
        long usable = disk.usableBytes(directory);
        if (usable < needed) {
            throw StorageErrors.full("cannot write packs in " + directory, usable, needed);
        }
    }

    int count() {
        return packs.size();
    }

    Path path() {
        return directory;
    }

    /// Lets no new lease begin; those that are open keep their mapping.
    @Override
    public void close() {
        packs.values().forEach(Pack::retire);
    }
}
