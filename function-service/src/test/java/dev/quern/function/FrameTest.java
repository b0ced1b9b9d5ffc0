package dev.quern.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What a runner sends may be anything.
final class FrameTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static byte[] written() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Frame(JSON.createObjectNode().put("op", "ready"), new byte[] {1, 2, 3}).write(out);
        return out.toByteArray();
    }

    @Test
    void comesBackAsWritten() throws IOException {
        Frame frame = Frame.read(new ByteArrayInputStream(written()));
        assertThat(frame.op()).isEqualTo("ready");
        assertThat(frame.body()).containsExactly(1, 2, 3);
        assertThat(frame.text("nothing")).isEmpty();
    }

    @Test
    void everyCutIsAnError() throws IOException {
        byte[] whole = written();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Frame.read(new ByteArrayInputStream(cut)))
                    .as("cut at " + length)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void hugeLengthsAreRefusedWithoutAllocating() {
        for (int[] lengths : new int[][] {{Integer.MAX_VALUE, 0}, {2, 1 << 30}, {-1, 0}, {2, -1}}) {
            byte[] bytes = ByteBuffer.allocate(64).putInt(lengths[0]).putInt(lengths[1]).array();
            assertThatThrownBy(() -> Frame.read(new ByteArrayInputStream(bytes)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("lengths");
        }
    }

    @Test
    void anyBytesGiveAFrameOrAnIoException() throws IOException {
        Random random = new Random(42);
        byte[] whole = written();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = whole.clone();
            for (int flips = random.nextInt(4) + 1; flips > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(Frame.read(new ByteArrayInputStream(bytes)).header().isObject())
                        .isTrue();
            } catch (IOException e) {
                assertThat(e).isNotNull();
            }
        }
    }
}
