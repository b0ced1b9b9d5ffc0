package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.List;
import java.util.Optional;

/// Durable facts: an ordered log of small transactions, applied one after the other to a key-value
/// state. A transaction is atomic: all of its conditions hold and all of its mutations apply, or
/// nothing happens. Nothing here assumes that the log is on this machine.
///
/// Thread-safe. Reads see every transaction whose [#commit] returned before they began.
public interface MetaLog extends AutoCloseable {
    /// The largest encoded transaction.
    int MAX_TXN_BYTES = 64 << 10;

    /// Makes a transaction durable and applies it; concurrent callers share one fsync.
    ///
    /// @return the log index at which it applied; the new version of every key it put
    /// @throws dev.quern.common.QuernException `CONFLICT` naming the key whose condition failed
    ///   (nothing was applied); `INVALID` if it is over [#MAX_TXN_BYTES], or requires a chunk that
    ///   the space lacks or that is not durable yet; `EXHAUSTED` at the queue's bound
    long commit(Txn txn);

    /// The fact at a key.
    Optional<Fact> find(SpaceId space, Key key);

    /// Facts whose key starts with all components of `prefix`, in key order.
    ///
    /// @param after only keys greater than this one; empty for all
    /// @param limit 1 to 10,000
    List<Fact> scan(SpaceId space, Key prefix, Optional<Key> after, int limit);

    /// The spaces that have facts, in order of their names.
    ///
    /// @param after only spaces whose name is greater; empty for all
    /// @param limit 1 to 10,000
    List<SpaceId> spaces(Optional<SpaceId> after, int limit);

    /// The different first components of a space's keys, in order.
    List<String> kinds(SpaceId space);

    /// The index of the last applied transaction.
    long appliedIndex();

    @Override
    void close();

    /// A fact.
    ///
    /// @param key its name
    /// @param version log index of the transaction that wrote it
    /// @param value its bytes, not to be modified
    record Fact(Key key, long version, byte[] value) {}
}
