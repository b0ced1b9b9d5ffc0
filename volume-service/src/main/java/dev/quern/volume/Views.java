package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The materialised views of one process: each tree at most once, whichever commits have it, in
/// `by-tree/SPACE/ROOT.NUMBER` under the views directory; built with `.building` behind the name
/// and renamed when whole. They are only a cache: at start, what an earlier process left is moved
/// to `leftover.NUMBER` and removed in the background. Thread-safe.
///
/// A view that nobody holds stays until another needs its room. Room is counted as the files' bytes
/// and 4 KiB for each file.
final class Views implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Views.class);
    private static final long BYTES_PER_FILE = 4096;
    private static final Duration CLEANER_WAIT = Duration.ofSeconds(10);

    private record Name(SpaceId space, ChunkId root) {}

    private enum Phase {
        BUILDING,
        READY,
        GOING
    }

    private final ViewBuilder builder;
    private final Path directory;
    private final long maxBytes;
    private final Thread cleaner;

    /// Least recently used first.
    @GuardedBy("this")
    private final LinkedHashMap<Name, View> views = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private long takenBytes;

    @GuardedBy("this")
    private long reserved;

    @GuardedBy("this")
    private boolean closed;

    Views(ViewBuilder builder, Path directory, ByteSize maxBytes) {
        this.builder = builder;
        this.directory = directory.toAbsolutePath().resolve("by-tree");
        this.maxBytes = maxBytes.bytes();
        List<Path> leftovers = setLeftoversAside(directory.toAbsolutePath());
        this.cleaner =
                Thread.ofVirtual()
                        .name("views-cleaner")
                        .start(() -> leftovers.forEach(this::removeQuietly));
    }

    private List<Path> setLeftoversAside(Path parent) {
        try {
            ViewBuilder.makeDirectory(parent);
            List<Path> leftovers = new ArrayList<>();
            try (DirectoryStream<Path> found =
                    Files.newDirectoryStream(parent, "leftover.[0-9]*")) {
                found.forEach(leftovers::add);
            }
            if (Files.exists(directory)) {
                int number = 0;
                while (Files.exists(parent.resolve("leftover." + number))) {
                    number++;
                }
                Path aside = parent.resolve("leftover." + number);
                Files.move(directory, aside, StandardCopyOption.ATOMIC_MOVE);
                leftovers.add(aside);
            }
            ViewBuilder.makeDirectory(directory);
            return leftovers;
        } catch (IOException e) {
            throw ViewBuilder.failure(parent, e);
        }
    }

    /// A view and who holds it; its fields are guarded by the owner's monitor.
    private static final class View {
        final Path path;
        final long bytes;
        Phase phase = Phase.BUILDING;
        int leases;

        View(Path path, long bytes) {
            this.path = path;
            this.bytes = bytes;
        }
    }

    /// A lease on the view of a commit's tree, which is built unless it is there.
    ///
    /// @throws QuernException `EXHAUSTED` if it does not fit beside the views that are held
    @MustBeClosed
    VolumeView lease(SpaceId space, CommitId id, Commit commit) {
        Name name = new Name(space, commit.root());
        View view = reserve(name, commit);
        if (!isReady(view)) {
            build(name, view);
        }
        AtomicBoolean open = new AtomicBoolean(true);
        return new VolumeView(
                view.path,
                id,
                () -> {
                    if (open.getAndSet(false)) {
                        release(view);
                    }
                });
    }

    /// Waits for a view that is on its way in or out, then takes a lease: on the one that is ready,
    /// or on a new one that the caller must build.
    private View reserve(Name name, Commit commit) {
        long bytes =
                Math.addExact(
                        commit.sizeBytes(), Math.multiplyExact(commit.files(), BYTES_PER_FILE));
        Map<Name, View> evicted;
        View view;
        synchronized (this) {
            while (true) {
                Optional<View> ready = await(name);
                if (ready.isPresent()) {
                    ready.get().leases++;
                    return ready.get();
                }
                Optional<Map<Name, View>> chosen = chooseEvicted(bytes);
                if (chosen.isPresent()) {
                    evicted = chosen.get();
                    break;
                }
                if (views.values().stream().noneMatch(other -> other.phase == Phase.GOING)) {
                    throw noRoom(name, bytes);
                }
                waitForChange();
            }
            evicted.values().forEach(other -> other.phase = Phase.GOING);
            Path parent = directory.resolve(name.space.value());
            view = new View(parent.resolve(name.root + "." + reserved++), bytes);
            view.leases = 1;
            views.put(name, view);
            takenBytes += bytes;
        }
        evicted.forEach(this::evict);
        return view;
    }

    /// The view of a name when it is ready; empty when there is none.
    @GuardedBy("this")
    private Optional<View> await(Name name) {
        while (true) {
            if (closed) {
                throw new QuernException(ErrorKind.UNAVAILABLE, "volume service is closed");
            }
            View view = views.get(name);
            if (view == null || view.phase == Phase.READY) {
                return Optional.ofNullable(view);
            }
            waitForChange();
        }
    }

    @GuardedBy("this")
    @SuppressWarnings("WaitNotInLoop") // both callers loop
    private void waitForChange() {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "interrupted while waiting for a view", e);
        }
    }

    /// The views that must go to make room; empty if that would not be enough.
    @GuardedBy("this")
    private Optional<Map<Name, View>> chooseEvicted(long bytes) {
        Map<Name, View> evicted = new LinkedHashMap<>();
        long left = takenBytes;
        for (Map.Entry<Name, View> entry : views.entrySet()) {
            View view = entry.getValue();
            if (left + bytes > maxBytes && view.phase == Phase.READY && view.leases == 0) {
                evicted.put(entry.getKey(), view);
                left -= view.bytes;
            }
        }
        return left + bytes > maxBytes ? Optional.empty() : Optional.of(evicted);
    }

    @GuardedBy("this")
    private QuernException noRoom(Name wanted, long bytes) {
        long held =
                views.values().stream()
                        .filter(view -> view.leases > 0)
                        .mapToLong(view -> view.bytes)
                        .sum();
        return QuernException.exhausted(
                "view of "
                        + wanted.root
                        + " needs "
                        + new ByteSize(bytes)
                        + ", but views may take "
                        + new ByteSize(maxBytes)
                        + " and those that are held take "
                        + new ByteSize(held)
                        + ": close some, or allow more",
                5_000);
    }

    private synchronized boolean isReady(View view) {
        return view.phase == Phase.READY;
    }

    private void build(Name name, View view) {
        Path parent = directory.resolve(name.space.value());
        Path building = parent.resolve(view.path.getFileName() + ".building");
        boolean whole = false;
        try {
            ViewBuilder.makeDirectory(parent);
            builder.build(name.space, name.root, building);
            Files.move(building, view.path, StandardCopyOption.ATOMIC_MOVE);
            whole = true;
        } catch (IOException e) {
            throw ViewBuilder.failure(view.path, e);
        } finally {
            if (!whole) {
                removeQuietly(building);
                drop(name, view);
            }
        }
        synchronized (this) {
            view.phase = Phase.READY;
            notifyAll();
        }
    }

    private void evict(Name name, View view) {
        removeQuietly(view.path);
        drop(name, view);
    }

    private void removeQuietly(Path view) {
        try {
            builder.remove(view);
        } catch (QuernException e) {
            LOG.warn("could not remove {}: it stays until the next start", view, e);
        }
    }

    private synchronized void drop(Name name, View view) {
        views.remove(name);
        takenBytes -= view.bytes;
        notifyAll();
    }

    private synchronized void release(View view) {
        view.leases--;
    }

    /// Refuses new leases. The directories stay for those who hold them; the next start removes
    /// them.
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            cleaner.join(CLEANER_WAIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
