package dev.quern.client.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.util.AutoCloseables;
import org.jspecify.annotations.Nullable;

/// Turns Flight's errors into [QuernException].
final class FlightFailures {
    private static final String KIND_HEADER = "quern-kind";
    private static final String DETAILS_HEADER = "quern-details-bin";

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
        ErrorFlightMetadata trailers = status.metadata();
        String message = status.description();
        return new QuernException(
                exactKind(trailers).orElseGet(() -> kindOf(status)),
                message == null ? "flight " + status.code() : message,
                details(trailers),
                cause);
    }

    /// The kind that the server names beside the status, which knows fewer.
    private static Optional<ErrorKind> exactKind(@Nullable ErrorFlightMetadata trailers) {
        if (trailers == null || !trailers.containsKey(KIND_HEADER)) {
            return Optional.empty();
        }
        String name = trailers.get(KIND_HEADER);
        return Arrays.stream(ErrorKind.values()).filter(kind -> kind.name().equals(name)).findAny();
    }

    private static Map<String, Object> details(@Nullable ErrorFlightMetadata trailers) {
        return trailers != null && trailers.containsKey(DETAILS_HEADER)
                ? FlightJson.object("details of an error", trailers.getByte(DETAILS_HEADER))
                : Map.of();
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
