package dev.quern.client;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;

/// When a request may be sent again.
enum Retry {
    /// Doing it twice is the same as doing it once.
    ALWAYS,
    /// It starts work: only after `EXHAUSTED`, which says that nothing was admitted.
    IF_NOT_ADMITTED,
    /// The body can be sent only once.
    NEVER;

    boolean allows(QuernException failure) {
        boolean exhausted = failure.kind() == ErrorKind.EXHAUSTED;
        return switch (this) {
            case ALWAYS -> exhausted || isTransient(failure);
            case IF_NOT_ADMITTED -> exhausted;
            case NEVER -> false;
        };
    }

    /// A server that is not running is not waited for: the user wants to know now.
    private static boolean isTransient(QuernException failure) {
        return failure.kind() == ErrorKind.UNAVAILABLE
                && !Boolean.TRUE.equals(failure.details().get(Failures.REFUSED));
    }
}
