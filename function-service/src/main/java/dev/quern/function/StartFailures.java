package dev.quern.function;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Map;

/// Judges why an instance could not be started.
final class StartFailures {
    private StartFailures() {}

    /// An exception of the service's side: the code is not to blame.
    static StartFailure of(Throwable e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        boolean retry =
                !(e instanceof QuernException q)
                        || switch (q.kind()) {
                            case INVALID, DENIED, NOT_FOUND, CONFLICT, CORRUPT -> false;
                            case FENCED, EXHAUSTED, UNAVAILABLE, INTERNAL -> true;
                        };
        return new StartFailure(
                CallFailure.of(FailureReason.REFUSED, "no instance can be started: " + message),
                retry,
                "",
                0);
    }

    /// What a caller who waits for the start is told.
    static QuernException toException(StartFailure failure) {
        CallFailure f = failure.failure();
        StringBuilder text = new StringBuilder("entry cannot be loaded: ");
        if (!failure.file().isEmpty()) {
            text.append(failure.file());
            if (failure.line() > 0) {
                text.append(':').append(failure.line());
            }
            text.append(": ");
        }
        if (!f.type().isEmpty()) {
            text.append(f.type()).append(": ");
        }
        text.append(f.message());
        return new QuernException(
                f.reason() == FailureReason.REFUSED ? ErrorKind.UNAVAILABLE : ErrorKind.INVALID,
                text.toString(),
                Map.of(
                        "file", failure.file(),
                        "line", failure.line(),
                        "type", f.type(),
                        "traceback", f.traceback()),
                null);
    }
}
