package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The collections that are open, at most a set number while some of them are idle. A collection is
/// opened from its cache directory if that holds the commit which the checkpoint names, else from
/// the checkpoint's chunks, else empty; then its tail is replayed. Thread-safe.
///
/// Lock order: an entry's `opening`, then `this`.
final class OpenCollections {
    private static final Logger log = LoggerFactory.getLogger(OpenCollections.class);

    private final Path cacheDirectory;
    private final int maxOpen;
    private final LiveCollection.Parts parts;
    private final CheckpointStore checkpoints;
    private final Checkpointer.Rules rules;
    private final LuceneIndex.Tuning tuning;

    /// By collection id, least recently used first.
    @GuardedBy("this")
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private boolean closed;

    /// Where and how to open collections.
    record Setup(
            Path cacheDirectory,
            int maxOpen,
            LiveCollection.Parts parts,
            CheckpointStore checkpoints,
            Checkpointer.Rules rules,
            LuceneIndex.Tuning tuning) {}

    OpenCollections(Setup setup) {
        this.cacheDirectory = setup.cacheDirectory();
        this.maxOpen = setup.maxOpen();
        this.parts = setup.parts();
        this.checkpoints = setup.checkpoints();
        this.rules = setup.rules();
        this.tuning = setup.tuning();
    }

    private static final class Entry {
        private final Definition definition;
        private final ReentrantLock opening = new ReentrantLock();

        /// Written under `opening`.
        private volatile @Nullable LiveCollection live;

        /// Guarded by the [OpenCollections].
        private int users;

        Entry(Definition definition) {
            this.definition = definition;
        }
    }

    /// An open collection that stays open until the lease is closed.
    final class Lease implements ReadLease {
        private final Entry entry;
        private final LiveCollection live;

        private Lease(Entry entry, LiveCollection live) {
            this.entry = entry;
            this.live = live;
        }

        @Override
        public LiveCollection live() {
            return live;
        }

        @Override
        public void close() {
            release(entry);
            evictIdle();
        }
    }

    /// Opens the collection unless it is open; opens it anew if it failed.
    @MustBeClosed
    Lease acquire(Definition definition) {
        Entry entry = pin(definition);
        boolean done = false;
        try {
            entry.opening.lock();
            try {
                Lease lease = new Lease(entry, usable(entry));
                lease.live().call(definition);
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

    private synchronized Entry pin(Definition definition) {
        if (closed) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "collections are being closed");
        }
        Entry entry = entries.computeIfAbsent(definition.id(), _ -> new Entry(definition));
        entry.users++;
        return entry;
    }

    private synchronized void release(Entry entry) {
        entry.users--;
    }

    @GuardedBy("entry.opening")
    private LiveCollection usable(Entry entry) {
        LiveCollection live = entry.live;
        if (live != null && live.isFailed()) {
            live.close(false);
            if (live.isDamaged()) {
                log.warn("rebuilding the index of collection {}", entry.definition.name());
                removeCache(entry.definition);
            }
            live = null;
            entry.live = null;
        }
        if (live == null) {
            live = parts.applyPool().call(() -> open(entry.definition));
            entry.live = live;
            live.checkpointIfDue();
        }
        return live;
    }

    private LiveCollection open(Definition asked) {
        Definition definition = parts.catalog().settled(asked);
        Optional<CheckpointStore.Saved> saved = checkpoints.find(definition);
        try {
            return open(definition, saved);
        } catch (IOException | UncheckedIOException e) {
            log.info(
                    "cache of collection {} ({}) is not usable, rebuilding it: {}",
                    definition.name(),
                    definition.id(),
                    e.toString());
        }
        try {
            removeCache(definition);
            if (saved.isPresent()) {
                checkpoints.restore(
                        definition, saved.get(), directory(definition), Optional.empty());
            }
            return open(definition, saved);
        } catch (IOException | UncheckedIOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "collection \"" + definition.name() + "\" cannot be opened: " + e,
                    e);
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the live collection closes the index
    private LiveCollection open(Definition definition, Optional<CheckpointStore.Saved> saved)
            throws IOException {
        LuceneIndex index =
                LuceneIndex.open(
                        directory(definition),
                        parts.catalog().schema(definition),
                        saved.map(s -> s.checkpoint().commitId()),
                        tuning);
        try {
            return new LiveCollection(
                    definition,
                    parts,
                    index,
                    new Checkpointer(definition, checkpoints, saved, rules));
        } catch (IOException | RuntimeException e) {
            IOUtils.closeWhileHandlingException(index);
            throw e;
        }
    }

    /// Closes a collection, in use or not, and puts other files in place of its own.
    ///
    /// @param replace commits that the collection has other rows now, and gives their checkpoint
    /// @param donor has its files
    void replace(
            Definition definition,
            Supplier<CheckpointStore.Saved> replace,
            CheckpointStore.Donor donor) {
        Entry entry = pin(definition);
        entry.opening.lock();
        try {
            if (entry.live != null) {
                entry.live.closeReplaced();
                entry.live = null;
            }
            lay(definition, replace.get(), donor);
        } finally {
            entry.opening.unlock();
            release(entry);
        }
    }

    /// Lays the files of a new collection's first checkpoint down in its cache, so that opening it
    /// need not; does nothing when it is being opened already.
    void prepare(Definition definition, CheckpointStore.Saved saved, CheckpointStore.Donor donor) {
        Entry entry = pin(definition);
        try {
            if (entry.opening.tryLock()) {
                try {
                    if (entry.live == null) {
                        lay(definition, saved, donor);
                    }
                } finally {
                    entry.opening.unlock();
                }
            }
        } finally {
            release(entry);
            evictIdle();
        }
    }

    private void lay(
            Definition definition, CheckpointStore.Saved saved, CheckpointStore.Donor donor) {
        try {
            Files.createDirectories(directory(definition).getParent());
            checkpoints.restore(definition, saved, directory(definition), Optional.of(donor));
        } catch (IOException e) {
            log.warn("cache of collection {} is made later", definition.name(), e);
            removeCache(definition);
        }
    }

    /// The files of an open collection.
    synchronized Optional<CheckpointStore.Donor> files(Definition definition) {
        return Optional.ofNullable(entries.get(definition.id()))
                .flatMap(entry -> Optional.ofNullable(entry.live))
                .flatMap(LiveCollection::files);
    }

    /// Waits for the writes to a collection that began before; one that is not open has none.
    void settle(Definition definition) {
        LiveCollection live;
        synchronized (this) {
            Entry entry = entries.get(definition.id());
            live = entry == null ? null : entry.live;
        }
        if (live != null) {
            live.awaitSent();
        }
    }

    private Path directory(Definition definition) {
        return cacheDirectory.resolve(definition.space().value()).resolve(definition.id());
    }

    private void removeCache(Definition definition) {
        removeTree(directory(definition));
    }

    private static void removeTree(Path directory) {
        try {
            IOUtils.rm(directory);
        } catch (IOException e) {
            log.warn("cache directory {} was not removed", directory, e);
        }
    }

    /// Removes caches that no collection owns: those of snapshots, and what a crash in a delete or
    /// in a restore left.
    void sweep() {
        for (Path space : directories(cacheDirectory, CacheNames.SPACE)) {
            Set<String> ids = new HashSet<>();
            parts.catalog()
                    .list(new SpaceId(space.getFileName().toString()))
                    .forEach(definition -> ids.add(definition.id()));
            for (Path cache : directories(space, CacheNames.COLLECTION)) {
                if (!ids.contains(cache.getFileName().toString())) {
                    removeTree(cache);
                }
            }
        }
    }

    /// The names of directories that are ours to remove.
    private static final class CacheNames {
        private static final Pattern SPACE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
        private static final Pattern COLLECTION =
                Pattern.compile("[0-9a-f]{16}(\\.[0-9a-f]{16})?(\\.restore)?");
    }

    private static List<Path> directories(Path parent, Pattern name) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(parent)) {
            return children.filter(Files::isDirectory)
                    .filter(child -> name.matcher(child.getFileName().toString()).matches())
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            log.warn("cache directory {} cannot be listed", parent, e);
            return List.of();
        }
    }

    /// Closes a deleted collection and removes its cache.
    void drop(Definition definition) {
        Entry entry = pin(definition);
        entry.opening.lock();
        try {
            if (entry.live != null) {
                entry.live.close(false);
                entry.live = null;
            }
            removeCache(definition);
        } finally {
            entry.opening.unlock();
            synchronized (this) {
                entry.users--;
                entries.remove(definition.id());
            }
        }
    }

    /// Closes idle collections while too many are open.
    private void evictIdle() {
        for (Entry idle = oldestIdle(); idle != null; idle = oldestIdle()) {
            closeEntry(idle);
        }
    }

    /// An idle entry to close, pinned; null while there is room, or nothing is idle.
    private synchronized @Nullable Entry oldestIdle() {
        if (entries.size() <= maxOpen || closed) {
            return null;
        }
        for (Entry entry : entries.values()) {
            if (entry.users == 0) {
                entry.users++;
                return entry;
            }
        }
        return null;
    }

    private void closeEntry(Entry entry) {
        entry.opening.lock();
        try {
            if (entry.live != null) {
                entry.live.close(!entry.live.isFailed());
                entry.live = null;
            }
        } finally {
            entry.opening.unlock();
            synchronized (this) {
                entry.users--;
                if (entry.users == 0) {
                    entries.remove(entry.definition.id(), entry);
                }
            }
        }
    }

    /// Does something with each collection that is open and not being opened or closed just now.
    /// None is opened for it, and none counts as used.
    void forEachOpen(Consumer<LiveCollection> action) {
        List<Entry> all;
        synchronized (this) {
            if (closed) {
                return;
            }
            all = new ArrayList<>(entries.values());
        }
        for (Entry entry : all) {
            if (entry.opening.tryLock()) {
                try {
                    if (entry.live != null) {
                        action.accept(entry.live);
                    }
                } finally {
                    entry.opening.unlock();
                }
            }
        }
    }

    /// Saves and closes every collection.
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
