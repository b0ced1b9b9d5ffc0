package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class FlightConfigTest {
    private static final FlightConfig D = FlightConfig.defaults();

    @Test
    void defaultsAreTheDocumentedOnes() {
        assertThat(D)
                .isEqualTo(
                        new FlightConfig(
                                "127.0.0.1",
                                7701,
                                Duration.ofHours(1),
                                ByteSize.ofMebibytes(16),
                                ByteSize.ofMebibytes(2),
                                ByteSize.ofMebibytes(256),
                                ByteSize.ofMebibytes(1024),
                                256,
                                Duration.ofMinutes(5),
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(10)));
    }

    @Test
    void namesWhatIsOutOfRange() {
        assertRefused("host", () -> D.withAddress(" ", 1));
        assertRefused("port must be 0 to 65535, got 65536", () -> D.withAddress("h", 65_536));
        assertRefused("port must be 0 to 65535, got -1", () -> D.withAddress("h", -1));
        assertRefused("ticket lifetime", () -> with(Duration.ZERO, D.allocatorLimit(), 1));
        assertRefused(
                "allocator limit", () -> with(D.ticketLifetime(), ByteSize.ofMebibytes(63), 1));
        assertRefused(
                "max concurrent streams", () -> with(D.ticketLifetime(), D.allocatorLimit(), 0));
    }

    private static FlightConfig with(Duration lifetime, ByteSize limit, int streams) {
        return new FlightConfig(
                D.host(),
                D.port(),
                lifetime,
                D.maxMessageBytes(),
                D.batchBytes(),
                D.endpointBytes(),
                limit,
                streams,
                D.stallTimeout(),
                D.drainTimeout(),
                D.selfTestDeadline());
    }

    private static void assertRefused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(QuernException.class).hasMessageContaining(message);
    }
}
