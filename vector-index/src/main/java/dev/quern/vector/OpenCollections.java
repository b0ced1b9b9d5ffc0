package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.OpenCache.Slot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
final class OpenCollections {
    private static final Logger log = LoggerFactory.getLogger(OpenCollections.class);

    private final Path cacheDirectory;
    private final LiveCollection.Parts parts;
    private final CheckpointStore checkpoints;
    private final Checkpointer.Rules rules;
    private final LuceneIndex.Tuning tuning;

    /// By collection id.
    private final OpenCache<String, LiveCollection> collections;

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
        this.parts = setup.parts();
        this.checkpoints = setup.checkpoints();
        this.rules = setup.rules();
        this.tuning = setup.tuning();
        this.collections =
                new OpenCache<>(setup.maxOpen(), parts.clock(), OpenCollections::saveAndClose);
    }

    /// An open collection that stays open until the lease is closed.
    record Lease(OpenCache<String, LiveCollection>.Pin pin, LiveCollection live)
            implements ReadLease {
        @Override
        public void close() {
            pin.close();
        }
    }

    /// Opens the collection unless it is open; opens it anew if it failed.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the lease closes it
    Lease acquire(Definition definition) {
        OpenCache<String, LiveCollection>.Pin pin = collections.pin(definition.id());
        boolean done = false;
        try {
            LiveCollection live =
                    pin.locked(slot -> {
                        LiveCollection usable = usable(slot, definition);
                        usable.call(definition);
                        return usable;
                    });
            done = true;
            return new Lease(pin, live);
        } finally {
            if (!done) {
                pin.close();
            }
        }
    }

    /// The collection if it is open and in order, else null. Neither this nor closing the lease
    /// waits for anything.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the lease closes it
    @Nullable Lease acquireOpen(Definition definition) {
        OpenCache<String, LiveCollection>.Pin pin = collections.pinOpen(definition.id());
        LiveCollection live = pin == null ? null : pin.value();
        if (pin == null || live == null) {
            return null;
        }
        if (live.isFailed()) {
            pin.close();
            return null;
        }
        live.call(definition);
        return new Lease(pin, live);
    }

    private LiveCollection usable(Slot<String, LiveCollection> slot, Definition definition) {
        LiveCollection live = slot.value();
        if (live != null && live.isFailed()) {
            live.close(false);
            if (live.isDamaged()) {
                log.warn("rebuilding the index of collection {}", definition.name());
                removeCache(definition);
            }
            live = null;
            slot.empty();
        }
        if (live == null) {
            live = parts.applyPool().callToEnd(() -> open(definition));
            slot.set(live);
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
        try (var pin = collections.pin(definition.id())) {
            pin.locked(slot -> {
                LiveCollection live = slot.value();
                if (live != null) {
                    live.closeReplaced();
                    slot.empty();
                }
                lay(definition, replace.get(), donor);
                return slot;
            });
        }
    }

    /// Lays the files of a new collection's first checkpoint down in its cache, so that opening it
    /// need not; does nothing when it is being opened already.
    void prepare(Definition definition, CheckpointStore.Saved saved, CheckpointStore.Donor donor) {
        try (var pin = collections.pin(definition.id())) {
            pin.ifFree(slot -> {
                if (slot.value() == null) {
                    lay(definition, saved, donor);
                }
            });
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
    Optional<CheckpointStore.Donor> files(Definition definition) {
        return collections.find(definition.id()).flatMap(LiveCollection::files);
    }

    /// Waits for the writes to a collection that began before; one that is not open has none.
    void settle(Definition definition) {
        collections.find(definition.id()).ifPresent(LiveCollection::awaitSent);
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
        collections.drop(
                definition.id(),
                slot -> {
                    close(slot, false);
                    removeCache(definition);
                });
    }

    private static void saveAndClose(Slot<String, LiveCollection> slot) {
        close(slot, true);
    }

    private static void close(Slot<String, LiveCollection> slot, boolean saveFirst) {
        LiveCollection live = slot.value();
        if (live != null) {
            live.close(saveFirst && !live.isFailed());
            slot.empty();
        }
    }

    /// Does something with each collection that is open and not being opened or closed just now.
    /// None is opened for it, and none counts as used.
    void forEachOpen(Consumer<LiveCollection> action) {
        collections.forEachOpen(action);
    }

    /// Whether it is open, or about to be.
    boolean isOpen(Definition definition) {
        return collections.find(definition.id()).isPresent();
    }

    /// Saves and closes every collection.
    void close() {
        collections.close();
    }
}
