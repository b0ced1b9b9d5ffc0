package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Mutation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Follows the log on this machine. Holds a place in it, and what one poll gives.
final class LogWatch implements Watch {
    /// A poll ends after as many bytes of transactions.
    private static final int POLL_BYTES = 4 << 20;

    private final SpaceId space;
    private final Key prefix;
    private final AppliedPosition applied;
    private final Consumer<LogWatch> onClose;

    @GuardedBy("this")
    private final LogCursor cursor;

    private volatile boolean closed;

    LogWatch(
            SpaceId space,
            Key prefix,
            LogCursor cursor,
            AppliedPosition applied,
            Consumer<LogWatch> onClose) {
        this.space = space;
        this.prefix = prefix;
        this.cursor = cursor;
        this.applied = applied;
        this.onClose = onClose;
    }

    @Override
    public synchronized List<Event> poll(Duration timeout, int max) {
        if (max < 1 || max > MAX_EVENTS) {
            throw QuernException.invalid(
                    "watch poll must ask for 1 to " + MAX_EVENTS + " events, got " + max);
        }
        long start = System.nanoTime();
        List<Event> events = read(max);
        while (events.isEmpty()
                && applied.await(
                        cursor.nextIndex(), timeout.minusNanos(System.nanoTime() - start))) {
            events = read(max);
        }
        return events;
    }

    @GuardedBy("this")
    private List<Event> read(int max) {
        List<Event> events = new ArrayList<>();
        long bytes = 0;
        long last = applied.get().index();
        while (cursor.nextIndex() <= last && events.size() < max && bytes < POLL_BYTES) {
            requireOpen();
            LogEntry entry = cursor.next().entry();
            bytes += events.isEmpty() ? 0 : entry.txn().length;
            add(TxnFormat.decode(entry.txn()), entry.index(), events);
        }
        requireOpen();
        return events;
    }

    private void requireOpen() {
        if (closed) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "watch of " + prefix + " is closed");
        }
    }

    private void add(Txn txn, long index, List<Event> events) {
        if (!txn.space().equals(space)) {
            return;
        }
        List<Mutation> mutations = txn.mutations();
        for (int position = 0; position < mutations.size(); position++) {
            switch (mutations.get(position)) {
                case Mutation.Put(Key key, byte[] value, List<Key> indexed) ->
                        addPut(new Fact(key, index, value, indexed), events);
                case Mutation.Append(Key under, byte[] value) -> {
                    Key key = under.child(Key.number(index)).child(Key.number(position));
                    addPut(new Fact(key, index, value), events);
                }
                case Mutation.Delete(Key key) -> {
                    if (key.startsWith(prefix)) {
                        events.add(new Event.Delete(index, key));
                    }
                }
                case Mutation.DeleteThrough(Key under, Key through) -> {
                    if (meets(under, through)) {
                        events.add(new Event.DeleteThrough(index, under, through));
                    }
                }
            }
        }
    }

    private void addPut(Fact fact, List<Event> events) {
        if (fact.key().startsWith(prefix)) {
            events.add(new Event.Put(fact));
        }
    }

    /// Whether a removed range may have keys under the watched prefix.
    private boolean meets(Key under, Key through) {
        boolean reached =
                through.equals(under)
                        || through.equals(prefix)
                        || KeyRange.all().before(through).contains(prefix);
        return under.startsWith(prefix) || (prefix.startsWith(under) && reached);
    }

    @Override
    public synchronized long nextIndex() {
        return cursor.nextIndex();
    }

    /// A poll that waits ends when its timeout does, or with the next transaction.
    @Override
    public void close() {
        closed = true;
        onClose.accept(this);
    }
}
