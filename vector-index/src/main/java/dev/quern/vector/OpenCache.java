package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Things that are opened when somebody first asks for them and stay open while somebody has them
/// pinned, and after that while there are at most a set number of them. The least recently used one
/// that nobody has is closed first. Thread-safe.
///
/// Lock order: a slot's lock, then `this`.
final class OpenCache<K, T> {
    private final int maxOpen;
    private final InstantSource clock;
    private final Consumer<Slot<K, T>> shut;

    /// Least recently used first.
    @GuardedBy("this")
    private final Map<K, Slot<K, T>> slots = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private boolean closed;

    /// @param maxOpen things open while some of them are idle
    /// @param shut closes what is in a slot, if anything is, and empties it; under the slot's lock
    OpenCache(int maxOpen, InstantSource clock, Consumer<Slot<K, T>> shut) {
        this.maxOpen = maxOpen;
        this.clock = clock;
        this.shut = shut;
    }

    /// The place of one thing, open or not.
    static final class Slot<K, T> {
        private final K key;
        private final ReentrantLock lock = new ReentrantLock();

        /// Written under the lock.
        private volatile @Nullable T value;

        /// Guarded by the [OpenCache].
        private int users;

        private volatile Instant usedAt;

        private Slot(K key, Instant now) {
            this.key = key;
            this.usedAt = now;
        }

        K key() {
            return key;
        }

        /// What is open, or null.
        @Nullable T value() {
            return value;
        }

        /// Only for who works under the lock.
        void set(T opened) {
            value = opened;
        }

        /// Only for who works under the lock.
        void empty() {
            value = null;
        }
    }

    /// Keeps a slot in its place, and open what is opened in it, until it is closed.
    final class Pin implements AutoCloseable {
        private final Slot<K, T> slot;

        /// Whether closing it may close what is idle.
        private final boolean tidy;

        private Pin(Slot<K, T> slot, boolean tidy) {
            this.slot = slot;
            this.tidy = tidy;
        }

        /// What is open, or null.
        @Nullable T value() {
            return slot.value;
        }

        /// Does something while nobody else opens or closes this thing.
        <R> R locked(Function<Slot<K, T>, R> action) {
            slot.lock.lock();
            try {
                return action.apply(slot);
            } finally {
                slot.lock.unlock();
            }
        }

        /// Does something unless somebody opens or closes this thing now.
        void ifFree(Consumer<Slot<K, T>> action) {
            OpenCache.ifFree(slot, action);
        }

        /// May close what is idle; not to be called under a slot's lock.
        @Override
        public void close() {
            slot.usedAt = clock.instant();
            release(slot);
            if (tidy) {
                closeWhile(false, Instant.MAX);
            }
        }
    }

    private static <K, T> void ifFree(Slot<K, T> slot, Consumer<Slot<K, T>> action) {
        if (slot.lock.tryLock()) {
            try {
                action.accept(slot);
            } finally {
                slot.lock.unlock();
            }
        }
    }

    /// Pins the slot of a thing, which is not opened by that.
    ///
    /// @throws QuernException `UNAVAILABLE` if this is closed
    @MustBeClosed
    Pin pin(K key) {
        return new Pin(claim(key), true);
    }

    /// Pins a thing if it is open, else null. Neither this nor closing the pin waits for anything.
    @MustBeClosed
    synchronized @Nullable Pin pinOpen(K key) {
        Slot<K, T> slot = slots.get(key);
        if (closed || slot == null || slot.value == null) {
            return null;
        }
        slot.users++;
        return new Pin(slot, false);
    }

    private synchronized Slot<K, T> claim(K key) {
        if (closed) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "collections are being closed");
        }
        Slot<K, T> slot = slots.computeIfAbsent(key, k -> new Slot<>(k, clock.instant()));
        slot.users++;
        return slot;
    }

    private synchronized void release(Slot<K, T> slot) {
        slot.users--;
    }

    /// What is open of this name, not pinned.
    synchronized Optional<T> find(K key) {
        return Optional.ofNullable(slots.get(key)).flatMap(slot -> Optional.ofNullable(slot.value));
    }

    /// Does something with each thing that is open and not being opened or closed just now. None is
    /// opened for it, and none counts as used.
    void forEachOpen(Consumer<T> action) {
        List<Slot<K, T>> all;
        synchronized (this) {
            if (closed) {
                return;
            }
            all = new ArrayList<>(slots.values());
        }
        for (Slot<K, T> each : all) {
            ifFree(
                    each,
                    slot -> {
                        T value = slot.value;
                        if (value != null) {
                            action.accept(value);
                        }
                    });
        }
    }

    /// Closes what nobody has used for so long.
    void closeIdle(Duration longer) {
        closeWhile(true, clock.instant().minus(longer));
    }

    private void closeWhile(boolean hasRoom, Instant usedBefore) {
        Slot<K, T> idle = oldestIdle(hasRoom, usedBefore);
        while (idle != null) {
            end(idle, shut);
            idle = oldestIdle(hasRoom, usedBefore);
        }
    }

    /// An idle slot to close, claimed; null if there is none.
    ///
    /// @param hasRoom whether to close also while no more are open than may be
    private synchronized @Nullable Slot<K, T> oldestIdle(boolean hasRoom, Instant usedBefore) {
        if (closed || (!hasRoom && slots.size() <= maxOpen)) {
            return null;
        }
        for (Slot<K, T> slot : slots.values()) {
            if (slot.users == 0 && slot.usedAt.isBefore(usedBefore)) {
                slot.users++;
                return slot;
            }
        }
        return null;
    }

    /// Closes one in another way, in use or not, and forgets its slot.
    ///
    /// @param action is called with the slot also if nothing is open in it
    /// @throws QuernException `UNAVAILABLE` if this is closed
    void drop(K key, Consumer<Slot<K, T>> action) {
        end(claim(key), action);
    }

    /// Closes some, in use or not.
    void dropWhere(Predicate<K> which) {
        claimed(which, false).forEach(slot -> end(slot, shut));
    }

    /// Closes all, in use or not, for good.
    void close() {
        claimed(_ -> true, true).forEach(slot -> end(slot, shut));
    }

    private synchronized List<Slot<K, T>> claimed(Predicate<K> which, boolean last) {
        closed |= last;
        List<Slot<K, T>> claimed =
                slots.values().stream().filter(slot -> which.test(slot.key)).toList();
        claimed.forEach(slot -> slot.users++);
        return claimed;
    }

    private void end(Slot<K, T> slot, Consumer<Slot<K, T>> action) {
        slot.lock.lock();
        try {
            action.accept(slot);
        } finally {
            slot.lock.unlock();
            synchronized (this) {
                slot.users--;
                if (slot.users == 0) {
                    slots.remove(slot.key, slot);
                }
            }
        }
    }
}
