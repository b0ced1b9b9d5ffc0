package dev.quern.function;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Artifacts as files of this machine: Python ones unpacked, jars as they are. What nobody holds is
/// removed, oldest use first, when the bound is passed. Thread-safe.
final class ArtifactCache {
    private static final Logger LOG = LoggerFactory.getLogger(ArtifactCache.class);

    private record Name(SpaceId space, ArtifactId id, FunctionRuntime runtime) {}

    private static final class Entry {
        final ReentrantLock filling = new ReentrantLock();
        final Path path;
        long sizeBytes;
        boolean filled;
        int leases;

        Entry(Path path) {
            this.path = path;
        }
    }

    private final ArtifactStore store;
    private final Path directory;
    private final long maxBytes;

    /// In order of use.
    @GuardedBy("this")
    private final Map<Name, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private long count;

    /// @param directory its own, emptied before
    ArtifactCache(ArtifactStore store, Path directory, long maxBytes) {
        this.store = store;
        this.directory = directory;
        this.maxBytes = maxBytes;
    }

    /// A file or directory that stays until the lease is closed.
    static final class Lease implements AutoCloseable {
        private final Path path;
        private final Runnable release;
        private boolean closed;

        @MustBeClosed
        private Lease(Path path, Runnable release) {
            this.path = path;
            this.release = release;
        }

        /// A directory of sources, or a jar.
        Path path() {
            return path;
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                release.run();
            }
        }
    }

    /// The artifact's files.
    ///
    /// @throws QuernException `NOT_FOUND` if the space has no such artifact, `INVALID` saying why
    ///   it cannot be read
    @MustBeClosed
    Lease lease(SpaceId space, ArtifactId id, FunctionRuntime runtime) {
        Entry entry = take(new Name(space, id, runtime));
        boolean ready = false;
        entry.filling.lock();
        try {
            if (!entry.filled) {
                fill(space, id, runtime, entry);
                entry.filled = true;
            }
            ready = true;
        } finally {
            entry.filling.unlock();
            if (!ready) {
                release(entry);
            }
        }
        evict();
        return new Lease(entry.path, () -> release(entry));
    }

    private synchronized Entry take(Name name) {
        Entry entry =
                entries.computeIfAbsent(name, n -> new Entry(directory.resolve("a" + ++count)));
        entry.leases++;
        return entry;
    }

    private synchronized void release(Entry entry) {
        entry.leases--;
    }

    private void fill(SpaceId space, ArtifactId id, FunctionRuntime runtime, Entry entry) {
        Path file = directory.resolve(entry.path.getFileName() + ".archive");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
                store.copy(space, id, out);
            }
            LongSupplier size =
                    switch (runtime) {
                        case PYTHON -> () -> Archives.unpack(id, file, entry.path);
                        case JAVA -> () -> Archives.check(id, file);
                    };
            entry.sizeBytes = size.getAsLong();
            if (runtime == FunctionRuntime.JAVA) {
                Files.move(file, entry.path);
                Archives.letOthersRead(entry.path);
            }
        } catch (IOException e) {
            throw QuernException.internal("artifact " + id + " cannot be laid out", e);
        } finally {
            Archives.deleteTree(file);
            if (entry.sizeBytes == 0) {
                Archives.deleteTree(entry.path);
            }
        }
    }

    private synchronized void evict() {
        long total = entries.values().stream().mapToLong(e -> e.sizeBytes).sum();
        var all = entries.entrySet().iterator();
        while (total > maxBytes && all.hasNext()) {
            Entry entry = all.next().getValue();
            if (entry.leases == 0) {
                total -= entry.sizeBytes;
                all.remove();
                LOG.debug("removing unpacked artifact {}", entry.path);
                Archives.deleteTree(entry.path);
            }
        }
    }
}
