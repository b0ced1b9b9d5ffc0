package dev.quern.storage;

/// A point in the log, and what the state was there. Two logs that agree on a position hold the
/// same facts.
///
/// @param index of the last transaction applied; 0 before the first
/// @param hash of the state after it
public record LogPosition(long index, StateHash hash) {
    /// Before the first transaction.
    public static final LogPosition START = new LogPosition(0, StateHash.EMPTY);
}
