package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.volume.FileChange.Kind;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What callers that read may rely on, for any pair of stores.
abstract class VolumeReadContract {
    static final SpaceId SPACE = Fixture.SPACE;

    @TempDir Path directory;
    Fixture fixture;
    VolumeService service;

    abstract Fixture open(Path path);

    @BeforeEach
    void openService() {
        fixture = open(directory);
        service = fixture.service;
        fixture.create("v");
    }

    @AfterEach
    void closeService() {
        fixture.close();
    }

    @Test
    void historyGoesBackToTheFirstCommit() {
        List<CommitId> ids = new ArrayList<>(List.of(fixture.head("v")));
        for (int i = 0; i < 5; i++) {
            fixture.put("v", "a", "" + i);
            ids.addFirst(fixture.commit("v").id());
        }
        assertThat(service.history(SPACE, "v", 100)).extracting(CommitInfo::id).isEqualTo(ids);
        assertThat(service.history(SPACE, "v", 2))
                .extracting(CommitInfo::id)
                .isEqualTo(ids.subList(0, 2));
        assertKind(ErrorKind.INVALID, () -> service.history(SPACE, "v", 0), "limit must be 1 to");
    }

    @Test
    void listsADirectoryInPages() {
        List<String> paths = List.of("a/1", "a/2/x", "a/2/y", "a/2.txt", "a/3", "b", "é/🜁", "é/～");
        paths.forEach(path -> fixture.put("v", path, path));
        CommitId head = fixture.commit("v").id();
        List<String> sorted =
                paths.stream().map(VolumePath::parse).sorted().map(VolumePath::value).toList();
        assertThat(sorted).startsWith("a/1", "a/2/x", "a/2/y", "a/2.txt");
        for (int limit = 1; limit <= 9; limit++) {
            assertThat(pages(head, "", true, limit)).isEqualTo(sorted);
            assertThat(pages(head, "", false, limit)).containsExactly("a", "b", "é");
            assertThat(pages(head, "a", false, limit))
                    .containsExactly("a/1", "a/2", "a/2.txt", "a/3");
            assertThat(pages(head, "a/2", true, limit)).containsExactly("a/2/x", "a/2/y");
        }
        List<String> probes = new ArrayList<>(sorted);
        probes.addAll(List.of("a", "a/2", "a/2/", "0", "a/2/xx/y", "a/2/x/y", "b/c", "zz", "a/0"));
        for (String probe : probes) {
            if (!probe.endsWith("/")) {
                checkAfter(head, sorted, VolumePath.parse(probe));
            }
        }
        assertKind(ErrorKind.INVALID, () -> pages(head, "b", false, 1), "\"b\" is a file");
        assertKind(ErrorKind.NOT_FOUND, () -> pages(head, "c", false, 1), "has no \"c\"");
        assertKind(ErrorKind.INVALID, () -> pages(head, "", false, 0), "limit must be");
        assertKind(ErrorKind.INVALID, () -> pages(head, "", false, 10_001), "limit must be");
    }

    private void checkAfter(CommitId head, List<String> sorted, VolumePath probe) {
        for (String directory : List.of("", "a", "a/2")) {
            List<String> expected =
                    sorted.stream()
                            .map(VolumePath::parse)
                            .filter(path -> path.isWithin(VolumePath.parse(directory)))
                            .filter(path -> path.compareTo(probe) > 0)
                            .map(VolumePath::value)
                            .toList();
            FilePage page =
                    service.listFiles(
                            SPACE,
                            "v",
                            head,
                            VolumePath.parse(directory),
                            true,
                            Optional.of(probe),
                            100);
            assertThat(page.files())
                    .as("%s after %s", directory, probe)
                    .extracting(file -> file.path().value())
                    .isEqualTo(expected);
        }
    }

    private List<String> pages(CommitId at, String path, boolean recursive, int limit) {
        List<String> paths = new ArrayList<>();
        Optional<VolumePath> after = Optional.empty();
        do {
            FilePage page =
                    service.listFiles(
                            SPACE, "v", at, VolumePath.parse(path), recursive, after, limit);
            assertThat(page.files()).hasSizeBetween(1, limit);
            page.files().forEach(file -> paths.add(file.path().value()));
            after = page.next();
        } while (after.isPresent());
        return paths;
    }

    @Test
    void diffTellsWhatChanged() {
        CommitId empty = fixture.head("v");
        for (String path : List.of("same/x", "same/y", "mod", "gone", "turns", "dir/1", "dir/2")) {
            fixture.put("v", path, path);
        }
        CommitId first = fixture.commit("v").id();
        fixture.put("v", "mod", "new");
        fixture.put("v", "new/file", "new");
        fixture.remove("v", "gone", false);
        fixture.remove("v", "turns", false);
        fixture.put("v", "turns/into", "a directory");
        fixture.remove("v", "dir", true);
        fixture.put("v", "dir", "file");
        fixture.put("v", "same/x", "same/x");
        CommitId second = fixture.commit("v").id();
        assertThat(diff(Optional.of(first), second))
                .containsExactly(
                        "ADDED dir",
                        "REMOVED dir/1",
                        "REMOVED dir/2",
                        "REMOVED gone",
                        "MODIFIED mod",
                        "ADDED new/file",
                        "REMOVED turns",
                        "ADDED turns/into");
        assertThat(diff(Optional.of(second), first))
                .containsExactly(
                        "REMOVED dir",
                        "ADDED dir/1",
                        "ADDED dir/2",
                        "ADDED gone",
                        "MODIFIED mod",
                        "REMOVED new/file",
                        "ADDED turns",
                        "REMOVED turns/into");
        assertThat(diff(Optional.of(second), second)).isEmpty();
        assertThat(diff(Optional.empty(), first))
                .hasSize(7)
                .isEqualTo(diff(Optional.of(empty), first));
        FileChange modified =
                service.diff(SPACE, "v", Optional.of(first), second).stream()
                        .filter(change -> change.kind() == Kind.MODIFIED)
                        .findFirst()
                        .orElseThrow();
        assertThat(modified.before().orElseThrow().sizeBytes()).isEqualTo(3);
        assertThat(modified.after().orElseThrow().modifiedAt().orElseThrow())
                .isAfter(modified.before().orElseThrow().modifiedAt().orElseThrow());
    }

    private List<String> diff(Optional<CommitId> from, CommitId to) {
        return service.diff(SPACE, "v", from, to).stream()
                .map(change -> change.kind() + " " + change.path())
                .collect(Collectors.toList());
    }

    @Test
    void emptyFilesAreFiles() {
        fixture.put("v", "empty", "");
        CommitId head = fixture.commit("v").id();
        assertThat(fixture.text("v", head, "empty")).isEmpty();
        FileInfo info = service.stat(SPACE, "v", head, VolumePath.parse("empty"));
        assertThat(info.sizeBytes()).isZero();
        assertThat(info.hash()).isEqualTo(Content.EMPTY_HASH.hex());
    }

    @Test
    void refusesWhatIsNoFile() {
        fixture.put("v", "a/b", "1");
        CommitId head = fixture.commit("v").id();
        assertKind(ErrorKind.INVALID, () -> fixture.put("v", "", ""), "must not be empty");
        assertKind(ErrorKind.INVALID, () -> fixture.read("v", head, "a"), "is a directory");
        assertKind(ErrorKind.INVALID, () -> fixture.read("v", head, ""), "is a directory");
        assertKind(ErrorKind.NOT_FOUND, () -> fixture.read("v", head, "a/c"), "has no \"a/c\"");
        assertKind(ErrorKind.NOT_FOUND, () -> fixture.read("v", head, "a/b/c"), "has no");
    }

    static ByteArrayInputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    static void assertKind(ErrorKind kind, ThrowingCallable call, String part) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.kind()).as("%s", e).isEqualTo(kind))
                .hasMessageContaining(part);
    }
}
