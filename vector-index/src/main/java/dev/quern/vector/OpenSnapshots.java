package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.OpenCache.Slot;
import dev.quern.vector.SnapshotFormat.Kept;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The snapshots and states of histories that are open for reading, at most a set number while some
/// of them are idle. The files of one lie in a cache directory of its own from when it is opened
/// until it is closed; those that an open collection has too are hard links. Thread-safe.
final class OpenSnapshots {
    private static final Logger log = LoggerFactory.getLogger(OpenSnapshots.class);

    /// One that nobody reads for so long is closed.
    static final Duration MAX_IDLE = Duration.ofMinutes(5);

    private final Parts parts;

    /// By cache directory.
    private final OpenCache<Path, Opened> opened;

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
        this.opened = new OpenCache<>(parts.maxOpen(), parts.clock(), OpenSnapshots::shut);
    }

    /// One that is open.
    ///
    /// @param files a snapshot's files; of a state of a history those of the point that it was made
    ///   from
    /// @param laid the index that was made of a state of a history
    private record Opened(
            KeptCollection live, CheckpointStore.Donor files, PastStates.@Nullable Laid laid) {}

    /// An open snapshot that stays open until the lease is closed.
    static final class Lease implements ReadLease {
        private final OpenCache<Path, Opened>.Pin pin;
        private final Opened opened;

        private Lease(OpenCache<Path, Opened>.Pin pin, Opened opened) {
            this.pin = pin;
            this.opened = opened;
        }

        @Override
        public KeptCollection live() {
            return opened.live;
        }

        /// The index that was made of a state of a history.
        PastStates.Laid laid() {
            PastStates.Laid laid = opened.laid;
            if (laid == null) {
                throw QuernException.internal("state is open without an index", null);
            }
            return laid;
        }

        /// Its files, until the lease is closed; of a state of a history those of the point that it
        /// was made from.
        CheckpointStore.Donor files() {
            return opened.files;
        }

        @Override
        public void close() {
            pin.close();
        }
    }

    /// Opens the snapshot unless it is open; opens it anew if it failed.
    ///
    /// @throws QuernException `NOT_FOUND` if it was deleted meanwhile; `CORRUPT` naming the file
    ///   and the chunk that is missing or damaged
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the lease closes it
    Lease acquire(Definition definition, KeptState kept) {
        OpenCache<Path, Opened>.Pin pin = opened.pin(directory(definition, kept));
        boolean done = false;
        try {
            Lease lease = new Lease(pin, pin.locked(slot -> usable(slot, definition, kept)));
            done = true;
            return lease;
        } finally {
            if (!done) {
                pin.close();
            }
        }
    }

    private Path directory(Definition definition, KeptState kept) {
        return parts.cacheDirectory()
                .resolve(definition.space().value())
                .resolve(definition.id() + "." + kept.key());
    }

    private Opened usable(Slot<Path, Opened> slot, Definition definition, KeptState kept) {
        Opened usable = slot.value();
        if (usable != null && usable.live.isFailed()) {
            shut(slot);
            usable = null;
        }
        if (usable == null) {
            usable = parts.pool().callToEnd(() -> open(slot.key(), definition, kept));
            slot.set(usable);
        }
        return usable;
    }

    private Opened open(Path directory, Definition definition, KeptState state) {
        String what = state.what() + " of collection \"" + definition.name() + "\"";
        try {
            Files.createDirectories(directory.getParent());
            return switch (state) {
                case Kept kept -> open(directory, definition, kept, what);
                case KeptState.Past past -> open(directory, definition, past, what);
            };
        } catch (IOException | UncheckedIOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, what + " cannot be opened: " + e, e);
        }
    }

    private Opened open(Path directory, Definition definition, Kept kept, String what)
            throws IOException {
        try {
            CheckpointStore.Saved saved =
                    parts.checkpoints().read(definition, kept.checkpoint(), kept.version());
            parts.checkpoints()
                    .restore(definition, saved, directory, parts.live().files(definition));
            KeptCollection live =
                    new KeptCollection(
                            what,
                            parts.snapshots().schema(definition, kept),
                            directory,
                            kept.checkpoint().commitId(),
                            parts.clock());
            return new Opened(live, new CheckpointStore.Donor(directory, saved.files()), null);
        } catch (QuernException e) {
            Optional<Kept> now = parts.snapshots().find(definition, kept.name());
            throw now.isEmpty() ? Snapshots.notFound(definition, kept.name()) : e;
        }
    }

    private Opened open(Path directory, Definition definition, KeptState.Past past, String what)
            throws IOException {
        PastStates.Laid laid = parts.past().lay(definition, past, directory);
        KeptCollection live =
                new KeptCollection(what, past.schema(), directory, laid.commitId(), parts.clock());
        return new Opened(live, new CheckpointStore.Donor(directory, laid.files()), laid);
    }

    /// Closes those that nobody has read for long.
    void closeIdle() {
        opened.closeIdle(MAX_IDLE);
    }

    private static void shut(Slot<Path, Opened> slot) {
        Opened open = slot.value();
        if (open != null) {
            open.live.close();
            slot.empty();
        }
        try {
            IOUtils.rm(slot.key());
        } catch (IOException e) {
            log.warn("cache directory {} was not removed", slot.key(), e);
        }
    }

    /// Closes the snapshots of a deleted collection, or one of them; reads under way end well.
    ///
    /// @param kept empty: all
    void drop(Definition definition, Optional<Kept> kept) {
        String all = definition.id() + ".";
        opened.dropWhere(directory ->
                kept.map(one -> directory(definition, one).equals(directory))
                        .orElseGet(() -> directory.getFileName().toString().startsWith(all)));
    }

    /// Closes all.
    void close() {
        opened.close();
    }
}
