package dev.quern.storage;

import dev.quern.storage.MetaLog.Fact;
import java.time.Duration;
import java.util.List;

/// Follows the changes under a prefix, in the order of the log, with nothing missing. It holds no
/// events between polls: they are read from the log, so a watch that is slow costs nothing, until
/// the log no longer retains what it would read next.
///
/// One thread at a time polls; any thread may close. Whoever opened it closes it.
public interface Watch extends AutoCloseable {
    /// The most events that can be asked for at once.
    int MAX_EVENTS = 10_000;

    /// What happened since, at once if something did, else as soon as something does.
    ///
    /// @param timeout how long to wait for a first event; zero to look only
    /// @param max 1 to [#MAX_EVENTS]; the events of one transaction come together, so there can be
    ///   more when a single one has more
    /// @return empty at the timeout
    /// @throws dev.quern.common.QuernException `NOT_FOUND` naming the first index that is retained
    ///   if the next one is not any more; `CORRUPT` naming file and offset if the log is damaged;
    ///   `UNAVAILABLE` if the watch or the log is closed, or the thread interrupted
    List<Event> poll(Duration timeout, int max);

    /// Where a later watch goes on without a gap: the index after the last transaction that was
    /// looked at, whether or not it had events.
    long nextIndex();

    @Override
    void close();

    /// A change.
    sealed interface Event {
        /// Of the transaction.
        long index();

        /// A fact was written.
        ///
        /// @param fact as it was then
        record Put(Fact fact) implements Event {
            @Override
            public long index() {
                return fact.version();
            }
        }

        /// The fact at a key was removed, if there was one.
        record Delete(long index, Key key) implements Event {}

        /// Every fact was removed whose key starts with all components of `prefix` and is at most
        /// `through` (the whole prefix when they are equal); not all need to be under the watched
        /// prefix.
        record DeleteThrough(long index, Key prefix, Key through) implements Event {}
    }
}
