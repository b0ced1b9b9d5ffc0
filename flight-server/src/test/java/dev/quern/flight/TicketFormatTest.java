package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class TicketFormatTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant LATER = NOW.plusSeconds(60);
    private static final SpaceId SPACE = new SpaceId("acme");
    private static final byte[] KEY =
            "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final TicketFormat format = at(NOW);

    @Test
    void opensWhatItSealed() {
        Claim file = file(new Claim.Range(256L << 20, 77));
        Claim rows = new Claim.Rows(SPACE, LATER, "papers", "00000000000000ff", false);
        Claim columns = new Claim.Rows(SPACE, LATER, "papers", "00000000000000ff", true);
        Claim test = new Claim.SelfTest(SPACE, LATER, 5);

        assertThat(format.open(format.seal(file), SPACE)).isEqualTo(file);
        assertThat(format.open(format.seal(rows), SPACE)).isEqualTo(rows);
        assertThat(format.open(format.seal(columns), SPACE)).isEqualTo(columns);
        assertThat(format.open(format.seal(test), SPACE)).isEqualTo(test);
    }

    @Test
    void holdsTheLongestNames() {
        Claim claim =
                new Claim.FileRange(
                        new SpaceId("s".repeat(63)),
                        LATER,
                        "v".repeat(63),
                        "ab".repeat(32),
                        "\u00e9".repeat(2048),
                        new Claim.Range(0, Long.MAX_VALUE));

        assertThat(format.open(format.seal(claim), claim.space())).isEqualTo(claim);
    }

    @Test
    void refusesEveryAlteredByte() {
        byte[] ticket = format.seal(file(new Claim.Range(0, 10)));
        for (int i = 0; i < ticket.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] altered = ticket.clone();
                altered[i] ^= (byte) (1 << bit);
                ErrorKind kind = i == 0 ? ErrorKind.INVALID : ErrorKind.DENIED;
                assertRefused(() -> format.open(altered, SPACE), kind, "ticket");
            }
        }
    }

    @Test
    void refusesEveryLength() {
        byte[] ticket = format.seal(file(new Claim.Range(0, 10)));
        for (int length = 0; length < ticket.length; length++) {
            byte[] cut = Arrays.copyOf(ticket, length);
            assertThatThrownBy(() -> format.open(cut, SPACE)).isInstanceOf(QuernException.class);
        }
        byte[] longer = Arrays.copyOf(ticket, ticket.length + 1);
        assertRefused(() -> format.open(longer, SPACE), ErrorKind.DENIED, "signature");
        assertRefused(
                () -> format.open(new byte[1 << 20], SPACE), ErrorKind.INVALID, "1048576 bytes");
    }

    @Test
    void refusesAnyBytes() {
        long seed = 20260102;
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            assertThatThrownBy(() -> format.open(noise, SPACE), "seed %d", seed)
                    .isInstanceOf(QuernException.class);
        }
    }

    @Test
    void refusesAnotherKey() {
        byte[] other = KEY.clone();
        other[0]++;
        byte[] ticket =
                new TicketFormat(other, InstantSource.fixed(NOW))
                        .seal(file(new Claim.Range(0, 10)));

        assertRefused(() -> format.open(ticket, SPACE), ErrorKind.DENIED, "another server");
    }

    @Test
    void namesTheExpiry() {
        byte[] ticket = format.seal(file(new Claim.Range(0, 10)));

        assertThat(at(LATER.minusMillis(1)).open(ticket, SPACE)).isNotNull();
        assertRefused(
                () -> at(LATER).open(ticket, SPACE),
                ErrorKind.DENIED,
                "expired at 2026-01-02T03:05:05Z");
    }

    @Test
    void refusesAnotherSpace() {
        byte[] ticket = format.seal(file(new Claim.Range(0, 10)));

        assertRefused(
                () -> format.open(ticket, new SpaceId("other")), ErrorKind.DENIED, "another space");
    }

    private static void assertRefused(ThrowingCallable open, ErrorKind kind, String message) {
        assertThatThrownBy(open)
                .isInstanceOf(QuernException.class)
                .hasMessageContaining(message)
                .extracting(e -> ((QuernException) e).kind())
                .isEqualTo(kind);
    }

    private static Claim file(Claim.Range range) {
        return new Claim.FileRange(
                SPACE, LATER, "docs", "0123456789abcdef".repeat(4), "a/b.txt", range);
    }

    private static TicketFormat at(Instant now) {
        return new TicketFormat(KEY, InstantSource.fixed(now));
    }
}
