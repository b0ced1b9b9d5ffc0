package dev.quern.client.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.util.AutoCloseables;

/// Turns Flight's errors into [QuernException].
final class FlightFailures {
    private FlightFailures() {}

    static QuernException of(Throwable failure) {
        return switch (failure) {
            case QuernException ours -> ours;
            case FlightRuntimeException flight -> of(flight.status(), flight);
            default -> QuernException.internal("flight: " + failure.getMessage(), failure);
        };
    }

    /// Closes in order; an interrupt is kept for the caller.
    static void close(AutoCloseable... resources) {
        try {
            AutoCloseables.close(resources);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw of(e);
        }
    }

    private static QuernException of(CallStatus status, Throwable cause) {
        String message = status.description();
        return new QuernException(
                kindOf(status), message == null ? "flight " + status.code() : message, cause);
    }

    private static ErrorKind kindOf(CallStatus status) {
        return switch (status.code()) {
            case UNAUTHENTICATED, UNAUTHORIZED -> ErrorKind.DENIED;
            case NOT_FOUND -> ErrorKind.NOT_FOUND;
            case ALREADY_EXISTS -> ErrorKind.CONFLICT;
            case INVALID_ARGUMENT, UNIMPLEMENTED -> ErrorKind.INVALID;
            case RESOURCE_EXHAUSTED -> ErrorKind.EXHAUSTED;
            case UNAVAILABLE, TIMED_OUT, CANCELLED -> ErrorKind.UNAVAILABLE;
            case OK, UNKNOWN, INTERNAL -> ErrorKind.INTERNAL;
        };
    }
}
