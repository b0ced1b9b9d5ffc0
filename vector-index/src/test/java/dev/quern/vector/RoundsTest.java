package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RoundsTest {
    private static final Duration PERIOD = Duration.ofMillis(10);

    @Test
    void goesOnAfterARoundThatFails() throws InterruptedException {
        CountDownLatch rounds = new CountDownLatch(2);
        try (Rounds _ = new Rounds("quern-test", PERIOD, () -> failAfter(rounds))) {
            assertThat(rounds.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static void failAfter(CountDownLatch rounds) {
        rounds.countDown();
        throw new AssertionError("a round fails");
    }
}
