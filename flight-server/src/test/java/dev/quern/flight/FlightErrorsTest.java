package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.memory.OutOfMemoryException;
import org.junit.jupiter.api.Test;

class FlightErrorsTest {
    @Test
    void mapsEveryKind() {
        Map<ErrorKind, FlightStatusCode> codes = new EnumMap<>(ErrorKind.class);
        for (ErrorKind kind : ErrorKind.values()) {
            codes.put(kind, FlightErrors.code(kind));
        }

        assertThat(codes)
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                ErrorKind.INVALID, FlightStatusCode.INVALID_ARGUMENT,
                                ErrorKind.DENIED, FlightStatusCode.UNAUTHENTICATED,
                                ErrorKind.NOT_FOUND, FlightStatusCode.NOT_FOUND,
                                ErrorKind.CONFLICT, FlightStatusCode.ALREADY_EXISTS,
                                ErrorKind.FENCED, FlightStatusCode.ALREADY_EXISTS,
                                ErrorKind.EXHAUSTED, FlightStatusCode.RESOURCE_EXHAUSTED,
                                ErrorKind.UNAVAILABLE, FlightStatusCode.UNAVAILABLE,
                                ErrorKind.CORRUPT, FlightStatusCode.INTERNAL,
                                ErrorKind.INTERNAL, FlightStatusCode.INTERNAL));
    }

    @Test
    void findsTheKindUnderOtherExceptions() {
        Throwable wrapped = new IllegalStateException(new IOException(full()));

        FlightRuntimeException answer = FlightErrors.toFlight(wrapped, "r1");

        assertThat(answer.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
        assertThat(answer).hasMessageContaining("disk is full");
        assertThat(Rig.kind(answer)).contains("EXHAUSTED");
        assertThat(answer.status().metadata().getByte(FlightErrors.DETAILS_HEADER))
                .asString()
                .isEqualTo("{\"retry_after_ms\":500}");
    }

    @Test
    void fullBuffersAreExhausted() {
        FlightRuntimeException answer =
                FlightErrors.toFlight(new RuntimeException(new OutOfMemoryException("x")), "r1");

        assertThat(Rig.kind(answer)).contains("EXHAUSTED");
    }

    @Test
    void hidesWhatIsNotOursButForTheRequestId() {
        FlightRuntimeException answer =
                FlightErrors.toFlight(new IllegalStateException("secret detail"), "r-17");

        assertThat(answer.status().code()).isEqualTo(FlightStatusCode.INTERNAL);
        assertThat(answer.getMessage()).contains("r-17").doesNotContain("secret");
    }

    private static QuernException full() {
        return QuernException.exhausted("disk is full", 500);
    }
}
