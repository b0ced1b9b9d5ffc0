package dev.quern.storage;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/// How far an operation is, or how it ended.
///
/// @param phase what it does now, or did last: a word, for `gc` with the space
/// @param unit what `done` and `total` count
/// @param done of this phase; never less than before while the phase is the same
/// @param total of this phase; empty where it is not known
/// @param endedAt empty while it runs
/// @param error why it failed, or where it was cancelled
public record OperationStatus(
        OperationId id,
        State state,
        String phase,
        Unit unit,
        long done,
        OptionalLong total,
        Instant startedAt,
        Optional<Instant> endedAt,
        Optional<String> error) {
    /// Where it is in its life.
    public enum State {
        /// Under way.
        RUNNING,
        /// Under way, and to stop at the end of its batch.
        CANCELLING,
        /// Ended with a report.
        DONE,
        /// Ended with an error.
        FAILED,
        /// Ended because it was cancelled.
        CANCELLED
    }

    /// What is counted.
    public enum Unit {
        /// Chunks.
        CHUNKS,
        /// Bytes.
        BYTES
    }
}
