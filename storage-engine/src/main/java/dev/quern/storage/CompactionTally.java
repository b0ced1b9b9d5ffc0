package dev.quern.storage;

/// What a compaction has done so far. Not thread-safe.
final class CompactionTally {
    private final RateLimit rate;
    private final OperationBatch batch;
    private int removed;
    private int kept;
    private long moved;
    private long movedBytes;
    private long quarantined;

    /// @param bytesPerSecond bound on reading; 0 for none
    CompactionTally(long bytesPerSecond, Operation operation) {
        this.rate = RateLimit.of(bytesPerSecond);
        this.batch = new OperationBatch(operation);
    }

    /// Waits until a record that was read may be worked on.
    void take(PackRecord record) {
        rate.take(record.headerBytes() + record.storedBytes());
    }

    /// Counts a record that was read.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if the operation was cancelled
    void read(PackRecord record) {
        batch.add(record.storedBytes(), record.storedBytes());
    }

    /// As [OperationBatch#flush].
    void flush() {
        batch.flush();
    }

    void moved(PackRecord record) {
        moved++;
        movedBytes += record.storedBytes();
    }

    void quarantined() {
        quarantined++;
    }

    long quarantinedCount() {
        return quarantined;
    }

    void packRemoved() {
        removed++;
    }

    void packKept() {
        kept++;
    }

    CompactReport report(long bytesFreed) {
        return new CompactReport(removed, kept, moved, movedBytes, bytesFreed, quarantined);
    }
}
