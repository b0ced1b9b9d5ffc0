package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.FuzzTargets.Target;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class FuzzTest {
    private static final int MUTATIONS = 2000;

    /// Each file is an input that a fuzzer found and that was fixed since.
    @Test
    void oldFindingsStayFixed() throws IOException, URISyntaxException {
        URL folder = FuzzTest.class.getResource("/fuzz");
        if (folder == null) {
            return;
        }
        URI uri = folder.toURI();
        try (Stream<Path> files = Files.list(Path.of(uri))) {
            for (Path file : files.toList()) {
                FuzzTargets.fuzzerTestOneInput(Files.readAllBytes(file));
            }
        }
    }

    @Test
    void everyTargetHasSeedsAndTakesThem() {
        for (Target target : FuzzTargets.targets()) {
            List<byte[]> seeds = FuzzSeeds.all().getOrDefault(target.name(), List.of());
            assertThat(seeds).as(target.name()).isNotEmpty();
            seeds.forEach(seed -> FuzzTargets.run(target, seed));
        }
    }

    /// What a fuzzer does without knowing the code, for a moment.
    @Test
    void mutatedSeedsAreValuesOrCorrupt() {
        Random random = new Random(Long.getLong("quern.test.seed", 3));
        for (Target target : FuzzTargets.targets()) {
            List<byte[]> seeds = FuzzSeeds.all().getOrDefault(target.name(), List.of());
            for (int i = 0; i < MUTATIONS; i++) {
                FuzzTargets.run(target, mutate(seeds.get(i % seeds.size()), random));
            }
        }
    }

    private static byte[] mutate(byte[] seed, Random random) {
        byte[] bytes = seed.clone();
        for (int changes = random.nextInt(4); changes >= 0 && bytes.length > 0; changes--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
                default -> bytes = Arrays.copyOf(bytes, at);
            }
        }
        return bytes;
    }
}
