package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Mutation;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A MetaLog in memory, for tests: the plainest reading of the interface, written apart from the
/// real one so that each can be checked against the other.
public final class MemoryMetaLog implements MetaLog {
    /// Of transactions that watches can go back to.
    static final long RETAINED_BYTES = 1 << 20;

    private static final int MAX_VIEWS = 64;
    private static final int MAX_WATCHES = 1024;

    private final ChunkStore chunks;

    @GuardedBy("this")
    private final MemoryFacts facts = new MemoryFacts();

    @GuardedBy("this")
    private final Deque<Logged> log = new ArrayDeque<>();

    @GuardedBy("this")
    private long retainedBytes;

    @GuardedBy("this")
    private int views;

    @GuardedBy("this")
    private int watches;

    @GuardedBy("this")
    private @Nullable QuernException failure;

    @GuardedBy("this")
    private boolean closed;

    private record Logged(long index, Txn txn, int bytes) {}

    /// An empty log.
    ///
    /// @param chunks where required chunks are looked up; stays open
    public MemoryMetaLog(ChunkStore chunks) {
        this.chunks = chunks;
    }

    @Override
    public synchronized long commit(Txn txn) {
        requireOpen();
        byte[] bytes = TxnFormat.encode(txn);
        for (ChunkId id : txn.requires()) {
            if (!chunks.isDurable(txn.space(), id)) {
                throw QuernException.invalid(
                        "transaction requires chunk "
                                + id
                                + ", which space "
                                + txn.space()
                                + (chunks.contains(txn.space(), id)
                                        ? " has not synced"
                                        : " does not have"));
            }
        }
        if (failure != null) {
            QuernException once = failure;
            failure = null;
            throw once;
        }
        long index = facts.apply(txn);
        log.add(new Logged(index, TxnFormat.decode(bytes), bytes.length));
        retainedBytes += bytes.length;
        while (retainedBytes > RETAINED_BYTES) {
            retainedBytes -= log.remove().bytes();
        }
        notifyAll();
        return index;
    }

    @Override
    public synchronized Optional<Fact> find(SpaceId space, Key key) {
        requireOpen();
        return facts.find(space, key);
    }

    @Override
    public synchronized List<Fact> scan(SpaceId space, KeyRange range, int limit) {
        requireOpen();
        return facts.scan(space, range, limit);
    }

    @Override
    public synchronized List<IndexedFact> scanIndex(
            SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
        requireOpen();
        return facts.scanIndex(space, prefix, after, limit);
    }

    @Override
    public synchronized List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        requireOpen();
        return facts.spaces(after, limit);
    }

    @Override
    public synchronized List<String> kinds(SpaceId space) {
        requireOpen();
        return facts.kinds(space);
    }

    @Override
    public synchronized LogPosition position() {
        requireOpen();
        return facts.position();
    }

    @Override
    public synchronized long appliedIndex() {
        requireOpen();
        return facts.index();
    }

    @Override
    public void awaitApplied(long index, Duration timeout) {
        if (!reaches(index, timeout)) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "log entry " + index + " is not applied, the last is " + appliedIndex());
        }
    }

    private synchronized boolean reaches(long index, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (facts.index() < index) {
            requireOpen();
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new QuernException(ErrorKind.UNAVAILABLE, "interrupted", e);
            }
        }
        requireOpen();
        return true;
    }

    @Override
    @MustBeClosed
    public FactView view(long atLeastIndex, Duration timeout) {
        awaitApplied(atLeastIndex, timeout);
        return new CountedView();
    }

    @Override
    @MustBeClosed
    public Watch watch(SpaceId space, Key prefix, long fromIndex) {
        return new MemoryWatch(space, prefix, fromIndex);
    }

    @GuardedBy("this")
    private void requireRetained(long index) {
        long first = log.isEmpty() ? facts.index() + 1 : log.getFirst().index();
        if (index < first) {
            throw QuernException.notFound(
                    "log entry " + index + " is no longer retained, the first is " + first);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    /// Makes the next commit fail so, with nothing applied.
    public synchronized void failNextCommit(QuernException error) {
        failure = error;
    }

    @GuardedBy("this")
    private void requireOpen() {
        if (closed) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "meta log is closed");
        }
    }

    private static QuernException exhausted(String what) {
        return QuernException.exhausted("too many open " + what, 1000);
    }

    private final class CountedView implements FactView {
        private final MemoryFacts copy;
        private boolean open = true;

        CountedView() {
            synchronized (MemoryMetaLog.this) {
                requireOpen();
                if (views == MAX_VIEWS) {
                    throw exhausted("views");
                }
                views++;
                copy = facts.copy();
            }
        }

        private MemoryFacts copy() {
            synchronized (MemoryMetaLog.this) {
                requireOpen();
                return copy;
            }
        }

        @Override
        public LogPosition position() {
            return copy.position();
        }

        @Override
        public Optional<Fact> find(SpaceId space, Key key) {
            return copy().find(space, key);
        }

        @Override
        public List<Fact> scan(SpaceId space, KeyRange range, int limit) {
            return copy().scan(space, range, limit);
        }

        @Override
        public List<IndexedFact> scanIndex(
                SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
            return copy().scanIndex(space, prefix, after, limit);
        }

        @Override
        public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
            return copy().spaces(after, limit);
        }

        @Override
        public List<String> kinds(SpaceId space) {
            return copy().kinds(space);
        }

        @Override
        public void close() {
            synchronized (MemoryMetaLog.this) {
                views -= open ? 1 : 0;
                open = false;
                copy.close();
            }
        }
    }

    private final class MemoryWatch implements Watch {
        private final SpaceId space;
        private final Key prefix;
        private long next;
        private boolean open = true;

        MemoryWatch(SpaceId space, Key prefix, long fromIndex) {
            this.space = space;
            this.prefix = prefix;
            this.next = fromIndex;
            synchronized (MemoryMetaLog.this) {
                requireOpen();
                if (fromIndex < 1) {
                    throw QuernException.invalid("watch from index " + fromIndex);
                }
                requireRetained(fromIndex);
                if (watches == MAX_WATCHES) {
                    throw exhausted("watches");
                }
                watches++;
            }
        }

        @Override
        public List<Event> poll(Duration timeout, int max) {
            if (max < 1 || max > MAX_EVENTS) {
                throw QuernException.invalid("watch poll for " + max + " events");
            }
            long deadline = System.nanoTime() + timeout.toNanos();
            List<Event> events = read(max);
            while (events.isEmpty()
                    && reaches(next, Duration.ofNanos(deadline - System.nanoTime()))) {
                events = read(max);
            }
            return events;
        }

        private List<Event> read(int max) {
            List<Event> events = new ArrayList<>();
            synchronized (MemoryMetaLog.this) {
                if (!open) {
                    throw new QuernException(ErrorKind.UNAVAILABLE, "watch is closed");
                }
                requireOpen();
                requireRetained(next);
                for (Logged logged : log) {
                    if (logged.index() == next && events.size() < max) {
                        add(logged, events);
                        next++;
                    }
                }
            }
            return events;
        }

        private void add(Logged logged, List<Event> events) {
            List<Mutation> mutations =
                    logged.txn().space().equals(space) ? logged.txn().mutations() : List.of();
            for (int i = 0; i < mutations.size(); i++) {
                Event event = event(mutations.get(i), logged.index(), i);
                boolean under =
                        switch (event) {
                            case Event.Put put -> put.fact().key().startsWith(prefix);
                            case Event.Delete delete -> delete.key().startsWith(prefix);
                            case Event.DeleteThrough gone ->
                                    gone.prefix().startsWith(prefix)
                                            || (prefix.startsWith(gone.prefix())
                                                    && (gone.through().equals(gone.prefix())
                                                            || MemoryFacts.compare(
                                                                            prefix, gone.through())
                                                                    <= 0));
                        };
                if (under) {
                    events.add(event);
                }
            }
        }

        private static Event event(Mutation mutation, long index, int position) {
            return switch (mutation) {
                case Mutation.Put(Key key, byte[] value, List<Key> indexed) ->
                        new Event.Put(new Fact(key, index, value, indexed));
                case Mutation.Append(Key under, byte[] value) -> {
                    Key key = under.child(Key.number(index)).child(Key.number(position));
                    yield new Event.Put(new Fact(key, index, value));
                }
                case Mutation.Delete(Key key) -> new Event.Delete(index, key);
                case Mutation.DeleteThrough(Key under, Key through) ->
                        new Event.DeleteThrough(index, under, through);
            };
        }

        @Override
        public long nextIndex() {
            return next;
        }

        @Override
        public void close() {
            synchronized (MemoryMetaLog.this) {
                watches -= open ? 1 : 0;
                open = false;
            }
        }
    }
}
