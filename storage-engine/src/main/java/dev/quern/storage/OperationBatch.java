package dev.quern.storage;

/// Counts what one thread does of an operation and tells it in batches of 256 chunks or 16 MiB,
/// whichever comes first. Not thread-safe.
final class OperationBatch {
    private static final int MAX_CHUNKS = 256;
    private static final long MAX_BYTES = 16 << 20;

    private final Operation operation;
    private int chunks;
    private long bytes;
    private long amount;

    OperationBatch(Operation operation) {
        this.operation = operation;
    }

    /// Counts a chunk.
    ///
    /// @param unit how much it is in the unit of the phase
    /// @param work bytes that were read or copied
    /// @throws dev.quern.common.QuernException `CONFLICT` if the operation was cancelled
    void add(long unit, long work) {
        amount += unit;
        bytes += work;
        if (++chunks >= MAX_CHUNKS || bytes >= MAX_BYTES) {
            flush();
        }
    }

    /// Tells what was counted.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if the operation was cancelled
    void flush() {
        long counted = amount;
        chunks = 0;
        bytes = 0;
        amount = 0;
        operation.advance(counted);
    }
}
