package dev.quern.function;

import java.util.Locale;

/// Where a call stands.
public enum CallStatus {
    /// Accepted, waiting for an instance.
    QUEUED,
    /// Given to an instance.
    RUNNING,
    /// Ended with an output.
    SUCCEEDED,
    /// Ended with a failure.
    FAILED,
    /// Killed at its timeout.
    TIMED_OUT,
    /// Withdrawn or killed on request.
    CANCELLED;

    /// The name on the wire, such as `timed_out`.
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Whether the call has ended.
    public boolean finished() {
        return this != QUEUED && this != RUNNING;
    }
}
