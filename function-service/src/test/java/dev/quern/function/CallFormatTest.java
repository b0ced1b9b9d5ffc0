package dev.quern.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.function.CallFormat.Finished;
import dev.quern.function.CallFormat.Queued;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Facts stay readable: the golden text is what version 1 has written since it exists.
final class CallFormatTest {
    private static final String ID = "0123456789abcdef0123456789abcdef";
    private static final String GOLDEN =
            "\u0001{\"id\":\""
                    + ID
                    + "\",\"function\":\"f\",\"version\":3,\"deployment\":\"d\","
                    + "\"created_at_millis\":5,\"content_type\":\"application/json\","
                    + "\"input\":{\"inline\":\"AQI=\"},\"attempts\":2,\"losses\":1,\"running\":true}";

    private static final Queued QUEUED =
            new Queued(
                    ID,
                    "f",
                    3,
                    "d",
                    5,
                    "application/json",
                    new Blobs.Blob(new byte[] {1, 2}, null),
                    2,
                    1,
                    true);

    @Test
    void writesVersionOne() {
        assertThat(new String(CallFormat.encode(QUEUED), StandardCharsets.UTF_8)).isEqualTo(GOLDEN);
    }

    @Test
    void readsVersionOneAndFieldsThatItDoesNotKnow() {
        String newer = GOLDEN.replace("\"version\"", "\"later\":[1],\"version\"");
        for (String text : new String[] {GOLDEN, newer}) {
            Queued read =
                    CallFormat.decode(text.getBytes(StandardCharsets.UTF_8), Queued.class, "k");
            assertThat(read.input().inline()).containsExactly(1, 2);
            assertThat(read.attempts()).isEqualTo(2);
            assertThat(read.running()).isTrue();
        }
    }

    @Test
    void otherVersionsAreCorrupt() {
        byte[] bytes = CallFormat.encode(QUEUED);
        bytes[0] = 2;
        assertThatThrownBy(() -> CallFormat.decode(bytes, Queued.class, "call-queued/00"))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT))
                .hasMessageContaining("call-queued/00");
    }

    @Test
    void anyBytesGiveAValueOrCorrupt() {
        Random random = new Random(7);
        byte[] whole = CallFormat.encode(QUEUED);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = whole.clone();
            bytes[1 + random.nextInt(bytes.length - 1)] = (byte) random.nextInt(256);
            for (Class<?> type : new Class<?>[] {Queued.class, Finished.class}) {
                try {
                    Object value = CallFormat.decode(bytes, type, "k");
                    assertThat(value).isNotNull();
                } catch (QuernException e) {
                    assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT);
                }
            }
        }
    }
}
