package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KillTest {
    private static final int RUNS = 4;
    private static final int LINES_EACH = 150;
    @TempDir Path directory;

    @Test
    void everythingAcknowledgedSurvivesSigkill() throws IOException, InterruptedException {
        List<String> acknowledged = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
            acknowledged.addAll(writeAndKill(run));
            try (StorageEngine engine = Engines.open(directory)) {
                for (String name : acknowledged) {
                    ChunkId id = MemoryChunkStore.idOf(KilledWriter.chunk(name));
                    assertThat(engine.chunks().read(SPACE, id)).isEqualTo(KilledWriter.chunk(name));
                    assertThat(engine.facts().find(SPACE, Key.of("w", name)).orElseThrow().value())
                            .isEqualTo(text(id.hex()));
                }
            }
        }
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(RUNS * LINES_EACH);
    }

    private List<String> writeAndKill(int run) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Xmx256m",
                                "-cp",
                                System.getProperty("java.class.path"),
                                KilledWriter.class.getName(),
                                directory.toString(),
                                Integer.toString(run))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = out.readLine();
            while (line != null) {
                lines.add(line);
                if (lines.size() == LINES_EACH) {
                    process.toHandle().destroyForcibly(); // leaves the pipe readable
                }
                line = out.readLine();
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return lines;
    }
}
