package dev.quern.function;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LogTailTest {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration NONE = Duration.ZERO;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8192})
    void splitsAtTheMarkerWhateverThePieces(int piece) throws IOException {
        LogTail tail = new LogTail();
        byte[] all = bytes("first\0m 1\0second\0m 1\0third");
        PipedInputStream in = new PipedInputStream();
        try (PipedOutputStream out = new PipedOutputStream(in)) {
            tail.begin("\0m 1\0");
            Thread.ofPlatform().start(() -> tail.drain(in));
            for (int i = 0; i < all.length; i += piece) {
                out.write(all, i, Math.min(piece, all.length - i));
                out.flush();
            }
            assertThat(tail.take(LONG)).isEqualTo("first");
        }
        assertThat(tail.awaitEnd(LONG)).isTrue();
        assertThat(tail.take(NONE)).isEqualTo("second\0m 1\0third");
        assertThat(tail.take(NONE)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 1_000_000})
    void keepsTheLast64KiB(int length) {
        LogTail tail = new LogTail();
        tail.begin("\0end\0");
        String text = "x".repeat(length) + "last";
        tail.drain(new ByteArrayInputStream(bytes(text + "\0end\0rest")));
        String kept = tail.take(NONE);
        assertThat(kept).hasSize(Math.min(text.length(), LogTail.MAX_BYTES)).endsWith("last");
        assertThat(tail.take(NONE)).isEqualTo("rest");
    }

    @Test
    void withoutAMarkerGivesWhatThereIs() {
        LogTail tail = new LogTail();
        tail.begin("\0end\0");
        tail.drain(new ByteArrayInputStream(bytes("crashed\0en")));
        assertThat(tail.take(LONG)).isEqualTo("crashed\0en");
    }

    @Test
    void brokenUtf8IsReplaced() {
        LogTail tail = new LogTail();
        tail.drain(new ByteArrayInputStream(new byte[] {'a', (byte) 0xff, 'b'}));
        assertThat(tail.take(NONE)).isEqualTo("a\ufffdb");
    }
}
