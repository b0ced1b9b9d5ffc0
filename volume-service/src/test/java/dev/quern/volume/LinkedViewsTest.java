package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.SpaceId;
import dev.quern.storage.GcRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LinkedViewsTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    @TempDir Path directory;
    private final byte[] big = new byte[5 << 20];
    private Fixture fixture;

    @BeforeEach
    void openService() {
        fixture = Fixture.durable(directory);
        fixture.create("v");
        new Random(1).nextBytes(big);
    }

    @AfterEach
    void closeService() {
        fixture.close();
    }

    @Test
    void aBigFileIsTheStoredFileItself() throws IOException {
        StagedPut put = fixture.put("v", "big", big);
        fixture.put("v", "small", "text");
        CommitId head = fixture.commit("v").id();
        try (VolumeView view = fixture.service.materialise(SPACE, "v", head)) {
            Path file = view.path().resolve("big");
            assertThat(links(file)).isEqualTo(2);
            assertThat(file).hasBinaryContent(big);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("r--r--r--");
            FileInfo info = fixture.service.stat(SPACE, "v", head, put.path());
            assertThat(Files.getLastModifiedTime(file).toInstant())
                    .isEqualTo(info.modifiedAt().orElseThrow());
            assertThat(links(view.path().resolve("small"))).isEqualTo(1);
        }
        fixture.reopen();
        assertThat(fixture.read("v", head, "big")).isEqualTo(big);
    }

    @Test
    void filesOfOtherTimesAreCopies() throws IOException {
        fixture.put("v", "first", big);
        StagedPut second = fixture.put("v", "second", big);
        CommitId head = fixture.commit("v").id();
        try (VolumeView view = fixture.service.materialise(SPACE, "v", head)) {
            assertThat(links(view.path().resolve("first"))).isEqualTo(2);
            Path copy = view.path().resolve("second");
            assertThat(links(copy)).isEqualTo(1);
            assertThat(copy).hasBinaryContent(big);
            FileInfo info = fixture.service.stat(SPACE, "v", head, second.path());
            assertThat(Files.getLastModifiedTime(copy).toInstant())
                    .isEqualTo(info.modifiedAt().orElseThrow());
        }
    }

    @Test
    void aViewOutlivesTheStoredFile() throws IOException {
        fixture.put("v", "big", big);
        CommitId head = fixture.commit("v").id();
        try (VolumeView view = fixture.service.materialise(SPACE, "v", head)) {
            fixture.service.delete(SPACE, "v");
            GcRequest now = new GcRequest(Duration.ZERO, false, new ByteSize(0));
            fixture.maintenance().gc(now);
            fixture.maintenance().gc(now);
            fixture.maintenance().compact(new ByteSize(0));
            Path file = view.path().resolve("big");
            assertThat(file).hasBinaryContent(big);
            assertThat(links(file)).isEqualTo(1);
        }
    }

    private static int links(Path file) throws IOException {
        return (Integer) Files.getAttribute(file, "unix:nlink");
    }
}
