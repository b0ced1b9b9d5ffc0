package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// A few kills with every build; `./quern test crash` does many.
final class CrashTest {
    @Test
    void everythingAcknowledgedSurvivesSigkill() throws IOException, InterruptedException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        long seed = Long.getLong("quern.test.seed", 1);
        boolean good = CrashRun.run(4, seed, new PrintStream(said, true, StandardCharsets.UTF_8));

        assertThat(good).as(said.toString(StandardCharsets.UTF_8)).isTrue();
    }
}
