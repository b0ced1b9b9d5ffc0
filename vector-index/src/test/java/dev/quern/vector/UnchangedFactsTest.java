package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class UnchangedFactsTest {
    private final AtomicLong applied = new AtomicLong(7);
    private final AtomicInteger reads = new AtomicInteger();
    private final UnchangedFacts<String, String> facts = new UnchangedFacts<>(applied::get);

    @Test
    void readsAgainAfterATransactionOnly() {
        assertThat(read("a")).isEqualTo("a at 7, read 1");
        assertThat(read("a")).isEqualTo("a at 7, read 1");
        applied.set(8);
        assertThat(read("a")).isEqualTo("a at 8, read 2");
        assertThat(read("b")).isEqualTo("b at 8, read 3");
        assertThat(read("a")).isEqualTo("a at 8, read 2");
    }

    @Test
    void keepsABoundedNumber() {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 2_000; i++) {
                assertThat(read("key" + i)).startsWith("key" + i + " at 7");
            }
        }
        assertThat(reads.get()).isEqualTo(3_000);
    }

    private String read(String key) {
        return facts.get(
                key, k -> k + " at " + applied.get() + ", read " + reads.incrementAndGet());
    }
}
