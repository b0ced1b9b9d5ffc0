package dev.quern.function;

import java.util.Locale;

/// Why a call did not succeed.
public enum FailureReason {
    /// The function raised an exception, or its result cannot be sent.
    EXCEPTION,
    /// The time limit passed.
    TIMEOUT,
    /// The memory limit was reached.
    MEMORY,
    /// The process ended in the middle of the call.
    CRASH,
    /// The code could not be loaded.
    LOAD,
    /// Someone asked for it.
    CANCELLED,
    /// The service could not run it: no sandbox, no process, function deleted.
    REFUSED;

    /// The name on the wire, such as `exception`.
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
