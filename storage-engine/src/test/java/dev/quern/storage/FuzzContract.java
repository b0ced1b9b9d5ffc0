package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What holds for every [FuzzSuite], without a fuzzer.
public abstract class FuzzContract {
    private static final int MUTATIONS = 2000;

    /// The suite under test.
    protected abstract FuzzSuite suite();

    /// Each file of `src/test/resources/fuzz/MODULE` is an input that a fuzzer found and that was
    /// fixed since, named `TARGET@` and anything.
    @Test
    void oldFindingsStayFixed() throws IOException, URISyntaxException {
        URL folder = getClass().getResource("/fuzz/" + suite().module());
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString().split("@", 2)[0];
                List<FuzzTarget> named =
                        suite().targets().stream().filter(t -> t.name().equals(name)).toList();
                assertThat(named).as(name).hasSize(1);
                named.getFirst().run(Files.readAllBytes(file));
            }
        }
    }

    @Test
    void everyTargetHasSeedsAndTakesThem() {
        for (FuzzTarget target : suite().targets()) {
            assertThat(target.seeds()).as(target.name()).isNotEmpty();
            target.seeds().forEach(target::run);
        }
    }

    @Test
    void theSuiteIsFound() {
        List<String> names = suite().targets().stream().map(FuzzTarget::name).toList();
        assertThat(names).doesNotHaveDuplicates();
        List<FuzzTarget> found = Fuzzer.targets(List.of(suite().module()));
        assertThat(found.stream().map(FuzzTarget::name)).isEqualTo(names);
    }

    /// What a fuzzer does without knowing the code, for a moment.
    @Test
    void mutatedSeedsAreValuesOrCorrupt() {
        long seed = Long.getLong("quern.test.seed", 3);
        Random random = new Random(seed);
        for (FuzzTarget target : suite().targets()) {
            for (int i = 0; i < MUTATIONS; i++) {
                target.run(mutate(target.seeds().get(i % target.seeds().size()), random));
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
