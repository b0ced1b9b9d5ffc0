package dev.quern.storage;

/// One transaction in the log.
///
/// @param index its place; the first is 1
/// @param group index of the first entry that became durable in the same force
/// @param after hash of the state after it
/// @param txn its bytes ([TxnFormat])
record LogEntry(long index, long group, StateHash after, byte[] txn) {
    LogPosition position() {
        return new LogPosition(index, after);
    }
}
