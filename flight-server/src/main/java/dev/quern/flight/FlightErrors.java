package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Optional;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.memory.OutOfMemoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns failures into Flight statuses. Beside the status, the trailers carry `quern-kind`, the
/// exact [ErrorKind], and `quern-details-bin`, the error's details as JSON in UTF-8 (such as
/// `retry_after_ms`), when it has any.
final class FlightErrors {
    static final String KIND_HEADER = "quern-kind";
    static final String DETAILS_HEADER = "quern-details-bin";

    private static final Logger LOG = LoggerFactory.getLogger(FlightErrors.class);
    private static final int MAX_CAUSES = 20;

    private FlightErrors() {}

    /// The status that a client sees for a kind. Flight has no status for a conflict; the nearest
    /// is `ALREADY_EXISTS`.
    static FlightStatusCode code(ErrorKind kind) {
        return switch (kind) {
            case INVALID -> FlightStatusCode.INVALID_ARGUMENT;
            case DENIED -> FlightStatusCode.UNAUTHENTICATED;
            case NOT_FOUND -> FlightStatusCode.NOT_FOUND;
            case CONFLICT, FENCED -> FlightStatusCode.ALREADY_EXISTS;
            case EXHAUSTED -> FlightStatusCode.RESOURCE_EXHAUSTED;
            case UNAVAILABLE -> FlightStatusCode.UNAVAILABLE;
            case CORRUPT, INTERNAL -> FlightStatusCode.INTERNAL;
        };
    }

    /// The exception to answer a call with. A failure that is no [QuernException] is a defect: it
    /// is logged here and the client learns only the request id.
    static FlightRuntimeException toFlight(Throwable failure, String requestId) {
        if (failure instanceof FlightRuntimeException flight) {
            return flight;
        }
        QuernException quern =
                find(failure)
                        .orElseGet(() ->
                                QuernException.internal(
                                        "unexpected failure; see the server's log for"
                                                + " request "
                                                + requestId,
                                        failure));
        if (quern.kind() == ErrorKind.INTERNAL || quern.kind() == ErrorKind.CORRUPT) {
            LOG.error("flight request {} failed", requestId, failure);
        }
        return toFlight(quern);
    }

    /// The exception for a failure that Quern itself raised.
    static FlightRuntimeException toFlight(QuernException failure) {
        ErrorFlightMetadata trailers = new ErrorFlightMetadata();
        trailers.insert(KIND_HEADER, failure.kind().name());
        if (!failure.details().isEmpty()) {
            trailers.insert(DETAILS_HEADER, FlightJson.write(failure.details()));
        }
        return code(failure.kind())
                .toStatus()
                .withDescription(String.valueOf(failure.getMessage()))
                .withCause(failure)
                .withMetadata(trailers)
                .toRuntimeException();
    }

    /// Notes a failure that came after the call was answered.
    static void logLate(Throwable failure, String requestId) {
        LOG.warn("flight request {} failed after its end", requestId, failure);
    }

    /// The first failure in a chain of causes that says what the caller can do about it.
    private static Optional<QuernException> find(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
            if (cause instanceof QuernException quern) {
                return Optional.of(quern);
            }
            if (cause instanceof OutOfMemoryException) {
                return Optional.of(
                        QuernException.exhausted("flight buffers are full; retry later", 1_000));
            }
            cause = cause.getCause();
        }
        return Optional.empty();
    }
}
