package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import java.time.Duration;
import java.util.List;

/// Durable facts: an ordered log of small transactions, applied one after the other to a key-value
/// state. A transaction is atomic: all of its conditions hold and all of its mutations apply, or
/// nothing happens. Nothing here assumes that the log is on this machine; what a replicated log
/// would do for each method is in `docs/decisions/0003-own-fact-log.md`.
///
/// Thread-safe. Reads see every transaction whose [#commit] returned before they began.
public interface MetaLog extends FactReader, AutoCloseable {
    /// The largest encoded transaction.
    int MAX_TXN_BYTES = 64 << 10;

    /// Makes a transaction durable and applies it; concurrent callers share one fsync.
    ///
    /// @return the log index at which it applied; the new version of every key it put
    /// @throws dev.quern.common.QuernException `CONFLICT` naming the key whose condition failed
    ///   (nothing was applied); `INVALID` if it is over [#MAX_TXN_BYTES], or requires a chunk that
    ///   the space lacks or that is not durable yet; `EXHAUSTED` at the queue's bound or when the
    ///   disk is full (nothing was applied); `UNAVAILABLE` if the log cannot be written, in which
    ///   case the transaction may or may not be there later, as a whole
    long commit(Txn txn);

    /// The last applied transaction, and the hash of the state after it. Replaying the log from any
    /// earlier state leads to the same hash at the same index.
    LogPosition position();

    /// The index of the last applied transaction.
    default long appliedIndex() {
        return position().index();
    }

    /// Waits until a transaction is applied here.
    ///
    /// @throws dev.quern.common.QuernException `UNAVAILABLE` naming both indexes if that takes
    ///   longer than `timeout`, or the log is closed or the thread interrupted meanwhile
    void awaitApplied(long index, Duration timeout);

    /// Reads at one index: the latest, once that is at least `atLeastIndex`. A view costs space
    /// while it is open, for what is overwritten stays.
    ///
    /// @throws dev.quern.common.QuernException `UNAVAILABLE` as for [#awaitApplied]; `EXHAUSTED` if
    ///   too many views are open
    @MustBeClosed
    FactView view(long atLeastIndex, Duration timeout);

    /// Follows the changes under a prefix.
    ///
    /// @param fromIndex the first transaction to see, 1 or more; may lie in the future
    /// @throws dev.quern.common.QuernException `NOT_FOUND` naming the first index that is retained
    ///   if `fromIndex` is not any more (take a [#view], then watch from its index + 1);
    ///   `EXHAUSTED` if too many watches are open
    @MustBeClosed
    Watch watch(SpaceId space, Key prefix, long fromIndex);

    @Override
    void close();

    /// A fact.
    ///
    /// @param key its name
    /// @param version log index of the transaction that wrote it
    /// @param value its bytes, not to be modified
    /// @param indexed the other keys that it is found under
    record Fact(Key key, long version, byte[] value, List<Key> indexed) {
        /// Copies the list.
        public Fact {
            indexed = List.copyOf(indexed);
        }

        /// A fact that is found by its key alone.
        public Fact(Key key, long version, byte[] value) {
            this(key, version, value, List.of());
        }
    }
}
