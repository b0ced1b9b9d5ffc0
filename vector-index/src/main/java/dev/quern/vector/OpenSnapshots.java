package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.OpenCache.Slot;
import dev.quern.vector.SnapshotFormat.Kept;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.apache.lucene.util.IOUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The snapshots that are open for reading, at most a set number while some of them are idle. The
/// files of one lie in a cache directory of its own from when it is opened until it is closed;
/// those that an open collection has too are hard links. Thread-safe.
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
            CpuPool pool,
            OpenCollections live,
            InstantSource clock) {}

    OpenSnapshots(Parts parts) {
        this.parts = parts;
        this.opened = new OpenCache<>(parts.maxOpen(), parts.clock(), OpenSnapshots::shut);
    }

    /// A snapshot that is open.
    ///
    /// @param files all its files
    private record Opened(KeptCollection live, CheckpointStore.Donor files) {}

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

        /// All its files, until the lease is closed.
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
    Lease acquire(Definition definition, Kept kept) {
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

    private Path directory(Definition definition, Kept kept) {
        String state = kept.checkpoint().manifest().hex().substring(0, 16);
        return parts.cacheDirectory()
                .resolve(definition.space().value())
                .resolve(definition.id() + "." + state);
    }

    private Opened usable(Slot<Path, Opened> slot, Definition definition, Kept kept) {
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

    private Opened open(Path directory, Definition definition, Kept kept) {
        try {
            CheckpointStore.Saved saved =
                    parts.checkpoints().read(definition, kept.checkpoint(), kept.version());
            Files.createDirectories(directory.getParent());
            parts.checkpoints()
                    .restore(definition, saved, directory, parts.live().files(definition));
            KeptCollection live =
                    new KeptCollection(
                            what(definition, kept),
                            parts.snapshots().schema(definition, kept),
                            directory,
                            kept.checkpoint().commitId(),
                            parts.clock());
            return new Opened(live, new CheckpointStore.Donor(directory, saved.files()));
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, what(definition, kept) + " cannot be opened: " + e, e);
        } catch (QuernException e) {
            Optional<Kept> now = parts.snapshots().find(definition, kept.name());
            throw now.isEmpty() ? Snapshots.notFound(definition, kept.name()) : e;
        }
    }

    private static String what(Definition definition, Kept kept) {
        return "snapshot \"" + kept.name() + "\" of collection \"" + definition.name() + "\"";
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
