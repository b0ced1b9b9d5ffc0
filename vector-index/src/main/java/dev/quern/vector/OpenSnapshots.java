package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.SnapshotFormat.Kept;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The snapshots and states of histories that are open for reading, at most a set number while some
/// of them are idle. The files of one lie in a cache directory of its own from when it is opened
/// until it is closed; those that an open collection has too are hard links. Thread-safe.
///
/// Lock order: an entry's `opening`, then `this`.
final class OpenSnapshots {
    private static final Logger log = LoggerFactory.getLogger(OpenSnapshots.class);

    /// One that nobody reads for so long is closed.
    static final Duration MAX_IDLE = Duration.ofMinutes(5);

    private final Parts parts;

    /// By cache directory, least recently used first.
    @GuardedBy("this")
    private final Map<Path, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private boolean closed;

    /// What it works with.
    ///
    /// @param maxOpen snapshots
    /// @param pool lays files down
    /// @param live knows which files open collections have
    record Parts(
            Path cacheDirectory,
            int maxOpen,
            CheckpointStore checkpoints,
            Snapshots snapshots,
            PastStates past,
            CpuPool pool,
            OpenCollections live,
            InstantSource clock) {}

    OpenSnapshots(Parts parts) {
        this.parts = parts;
    }

    private static final class Entry {
        private final Path directory;
        private final ReentrantLock opening = new ReentrantLock();

        @GuardedBy("opening")
        private @Nullable KeptCollection live;

        /// Written when it is opened.
        private volatile CheckpointStore.@Nullable Donor files;

        /// Written when a state of a history is opened.
        private volatile PastStates.@Nullable Laid laid;

        /// Guarded by the [OpenSnapshots].
        private int users;

        private volatile Instant usedAt;

        Entry(Path directory, Instant now) {
            this.directory = directory;
            this.usedAt = now;
        }
    }

    /// An open snapshot that stays open until the lease is closed.
    final class Lease implements ReadLease {
        private final Entry entry;
        private final KeptCollection live;

        private Lease(Entry entry, KeptCollection live) {
            this.entry = entry;
            this.live = live;
        }

        @Override
        public KeptCollection live() {
            return live;
        }

        /// The index that was made of a state of a history.
        PastStates.Laid laid() {
            PastStates.Laid laid = entry.laid;
            if (laid == null) {
                throw QuernException.internal("state is open without an index", null);
            }
            return laid;
        }

        /// Its files, until the lease is closed; of a state of a history those of the point that it
        /// was made from.
        CheckpointStore.Donor files() {
            CheckpointStore.Donor files = entry.files;
            if (files == null) {
                throw QuernException.internal("snapshot is open without files", null);
            }
            return files;
        }

        @Override
        public void close() {
            entry.usedAt = parts.clock().instant();
            release(entry);
            closeWhere(false);
        }
    }

    /// Opens the snapshot unless it is open; opens it anew if it failed.
    ///
    /// @throws QuernException `NOT_FOUND` if it was deleted meanwhile; `CORRUPT` naming the file
    ///   and the chunk that is missing or damaged
    @MustBeClosed
    Lease acquire(Definition definition, KeptState kept) {
        Entry entry = pin(definition, kept);
        boolean done = false;
        try {
            entry.opening.lock();
            try {
                Lease lease = new Lease(entry, usable(entry, definition, kept));
                done = true;
                return lease;
            } finally {
                entry.opening.unlock();
            }
        } finally {
            if (!done) {
                release(entry);
            }
        }
    }

    private Path directory(Definition definition, KeptState kept) {
        return parts.cacheDirectory()
                .resolve(definition.space().value())
                .resolve(definition.id() + "." + kept.key());
    }

    private synchronized Entry pin(Definition definition, KeptState kept) {
        if (closed) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "collections are being closed");
        }
        Path directory = directory(definition, kept);
        Entry entry =
                entries.computeIfAbsent(directory, d -> new Entry(d, parts.clock().instant()));
        entry.users++;
        return entry;
    }

    private synchronized void release(Entry entry) {
        entry.users--;
    }

    @GuardedBy("entry.opening")
    private KeptCollection usable(Entry entry, Definition definition, KeptState kept) {
        KeptCollection live = entry.live;
        if (live != null && live.isFailed()) {
            shut(entry);
            live = null;
        }
        if (live == null) {
            live = parts.pool().call(() -> open(entry, definition, kept));
            entry.live = live;
        }
        return live;
    }

    private KeptCollection open(Entry entry, Definition definition, KeptState state) {
        String what = state.what() + " of collection \"" + definition.name() + "\"";
        try {
            Files.createDirectories(entry.directory.getParent());
            String commitId =
                    switch (state) {
                        case Kept kept -> lay(entry, definition, kept);
                        case KeptState.Past past -> lay(entry, definition, past);
                    };
            return new KeptCollection(
                    what,
                    parts.snapshots().schema(definition, state),
                    entry.directory,
                    commitId,
                    parts.clock());
        } catch (IOException | UncheckedIOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, what + " cannot be opened: " + e, e);
        }
    }

    private String lay(Entry entry, Definition definition, Kept kept) throws IOException {
        try {
            CheckpointStore.Saved saved =
                    parts.checkpoints().read(definition, kept.checkpoint(), kept.version());
            parts.checkpoints()
                    .restore(definition, saved, entry.directory, parts.live().files(definition));
            entry.files = new CheckpointStore.Donor(entry.directory, saved.files());
            return kept.checkpoint().commitId();
        } catch (QuernException e) {
            Optional<Kept> now = parts.snapshots().find(definition, kept.name());
            throw now.isEmpty() ? Snapshots.notFound(definition, kept.name()) : e;
        }
    }

    private String lay(Entry entry, Definition definition, KeptState.Past past) throws IOException {
        PastStates.Laid laid = parts.past().lay(definition, past, entry.directory);
        entry.files = new CheckpointStore.Donor(entry.directory, laid.files());
        entry.laid = laid;
        return laid.commitId();
    }

    /// Closes those that nobody has read for long.
    void closeIdle() {
        closeWhere(true);
    }

    /// Closes idle snapshots while too many are open, or all that were idle for long.
    private void closeWhere(boolean longIdle) {
        for (Entry idle = oldestIdle(longIdle); idle != null; idle = oldestIdle(longIdle)) {
            closeEntry(idle);
        }
    }

    /// An idle entry to close, pinned; null if there is none.
    private synchronized @Nullable Entry oldestIdle(boolean longIdle) {
        if (closed || (!longIdle && entries.size() <= parts.maxOpen())) {
            return null;
        }
        Instant since = parts.clock().instant().minus(MAX_IDLE);
        for (Entry entry : entries.values()) {
            if (entry.users == 0 && (!longIdle || entry.usedAt.isBefore(since))) {
                entry.users++;
                return entry;
            }
        }
        return null;
    }

    private void closeEntry(Entry entry) {
        entry.opening.lock();
        try {
            shut(entry);
        } finally {
            entry.opening.unlock();
            synchronized (this) {
                entry.users--;
                if (entry.users == 0) {
                    entries.remove(entry.directory, entry);
                }
            }
        }
    }

    @GuardedBy("entry.opening")
    private void shut(Entry entry) {
        if (entry.live != null) {
            entry.live.close();
            entry.live = null;
        }
        entry.files = null;
        entry.laid = null;
        try {
            IOUtils.rm(entry.directory);
        } catch (IOException e) {
            log.warn("cache directory {} was not removed", entry.directory, e);
        }
    }

    /// Closes the snapshots of a deleted collection, or one of them; reads under way end well.
    ///
    /// @param kept empty: all
    void drop(Definition definition, Optional<Kept> kept) {
        List<Entry> gone = new ArrayList<>();
        synchronized (this) {
            for (Entry entry : entries.values()) {
                boolean own =
                        kept.map(k -> directory(definition, k).equals(entry.directory))
                                .orElseGet(() ->
                                        entry.directory
                                                .getFileName()
                                                .toString()
                                                .startsWith(definition.id() + "."));
                if (own) {
                    entry.users++;
                    gone.add(entry);
                }
            }
        }
        gone.forEach(this::closeEntry);
    }

    /// Closes all.
    void close() {
        List<Entry> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(entries.values());
            all.forEach(entry -> entry.users++);
        }
        all.forEach(this::closeEntry);
    }
}
