package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalTierTest extends TierContract {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir Path directory;
    private LocalTier tier;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // holds nothing open
    void open() {
        tier = LocalTier.open(root(), new Random(7), InstantSource.fixed(NOW));
    }

    @Override
    protected Tier tier() {
        return tier;
    }

    private Path root() {
        return directory.resolve("tier/deep");
    }

    @Test
    void keepsBlobsAsFiles() throws IOException {
        put("a/b", Chunks.text("plain"));

        assertThat(Files.readAllBytes(root().resolve("a/b"))).isEqualTo(Chunks.text("plain"));
        try (LocalTier other = second()) {
            assertThat(other.list("", "", 5)).containsExactly(new Tier.Blob("a/b", 5));
        }
    }

    @Test
    void refusesABlobBelowAnother() {
        put("a", new byte[1]);
        put("d/e", new byte[1]);

        for (String name : new String[] {"a/b", "a/b/c", "d"}) {
            assertThatThrownBy(() -> put(name, new byte[1]))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining(name);
        }
    }

    @Test
    void removesWhatCrashesLeft() throws IOException {
        Path left = Files.write(root().resolve(".tmp/0123"), new byte[5]);
        Path fresh = Files.write(root().resolve(".tmp/4567"), new byte[5]);
        Files.setLastModifiedTime(left, FileTime.from(NOW.minus(Duration.ofHours(25))));
        Files.setLastModifiedTime(fresh, FileTime.from(NOW.minus(Duration.ofHours(23))));

        try (LocalTier other = second()) {
            assertThat(other.list("", "", 5)).isEmpty();
        }
        assertThat(left).doesNotExist();
        assertThat(fresh).exists();
    }

    @Test
    void leavesNothingTemporaryBehind() {
        put("x", new byte[1]);
        put("x", new byte[2]);

        assertThat(root().resolve(".tmp")).isEmptyDirectory();
    }

    @Test
    void tellsWhatItCannotMake() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);

        assertThatThrownBy(
                        () -> {
                            try (LocalTier opened =
                                    LocalTier.open(file, new Random(1), InstantSource.fixed(NOW))) {
                                opened.delete("x");
                            }
                        })
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                .hasMessageContaining("file");
    }

    @MustBeClosed
    private LocalTier second() {
        return LocalTier.open(root(), new Random(8), InstantSource.fixed(NOW));
    }
}
