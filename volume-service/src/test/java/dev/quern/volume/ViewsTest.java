package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ViewsTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    @TempDir Path directory;
    private Fixture fixture;
    private Path views;

    @BeforeEach
    void openService() {
        fixture = Fixture.memory(directory);
        views = directory.resolve("views");
        fixture.create("v");
    }

    @AfterEach
    void closeService() {
        fixture.close();
    }

    @Test
    void hasTheFilesReadOnly() throws IOException {
        byte[] big = new byte[5 << 20];
        new Random(1).nextBytes(big);
        fixture.put("v", "a/b/big", big);
        StagedPut empty = fixture.put("v", "a/empty", "");
        fixture.put("v", "é \\ü", "text");
        CommitId head = fixture.commit("v").id();
        try (VolumeView view = fixture.service.materialise(SPACE, "v", head)) {
            assertThat(view.commit()).isEqualTo(head);
            assertThat(view.path().resolve("a/b/big")).hasBinaryContent(big);
            assertThat(view.path().resolve("a/empty")).isEmptyFile();
            assertThat(view.path().resolve("é \\ü")).hasContent("text");
            assertThat(names(view.path())).hasSize(5);
            FileInfo info = fixture.service.stat(SPACE, "v", head, empty.path());
            assertThat(Files.getLastModifiedTime(view.path().resolve("a/empty")).toInstant())
                    .isEqualTo(info.modifiedAt().orElseThrow());
            try (Stream<Path> all = Files.walk(view.path())) {
                all.forEach(ViewsTest::checkMode);
            }
            assertThat(mode(views)).isEqualTo("rwxr-xr-x");
            assertThat(mode(view.path().resolveSibling("."))).isEqualTo("rwxr-xr-x");
        }
        assertThat(fixture.memoryChunks().openLeases()).isZero();
    }

    private static void checkMode(Path path) {
        assertThat(mode(path)).isEqualTo(Files.isDirectory(path) ? "r-xr-xr-x" : "r--r--r--");
    }

    private static String mode(Path path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anotherUserCanReadIt() throws IOException, InterruptedException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")));
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")));
        for (Path up = directory; up != null && up.startsWith("/tmp/"); up = up.getParent()) {
            Files.setPosixFilePermissions(up, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        fixture.put("v", "a/b", "text");
        CommitId head = fixture.commit("v").id();
        try (VolumeView view = fixture.service.materialise(SPACE, "v", head)) {
            Path file = view.path().resolve("a/b");
            assertThat(asNobody("cat", file.toString())).isZero();
            assertThat(asNobody("touch", view.path().resolve("a/new").toString())).isNotZero();
            assertThat(asNobody("rm", "-f", file.toString())).isNotZero();
        }
    }

    private static int asNobody(String... command) throws IOException, InterruptedException {
        List<String> line =
                new ArrayList<>(
                        List.of(
                                "/usr/bin/setpriv",
                                "--reuid=65534",
                                "--regid=65534",
                                "--clear-groups"));
        line.addAll(List.of(command));
        Process process =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Test
    void anEmptyVolumeIsAnEmptyDirectory() {
        try (VolumeView view = fixture.service.materialise(SPACE, "v", fixture.head("v"))) {
            assertThat(view.path()).isEmptyDirectory();
        }
    }

    @Test
    @SuppressWarnings("try") // closes twice on purpose
    void leasesOnEqualTreesShareOneDirectory() {
        fixture.close();
        fixture = withViews(10_000);
        fixture.create("v");
        CommitId head = commitOf("a", 10);
        CommitId other = commitOf("a", 5_000);
        try (VolumeView first = fixture.service.materialise(SPACE, "v", head);
                VolumeView second = fixture.service.materialise(SPACE, "v", head)) {
            assertThat(second.path()).isEqualTo(first.path());
            first.close();
            first.close();
            assertExhausted(other);
            assertThat(second.path()).exists();
        }
        materialise(other);
    }

    @Test
    void unheldViewsGoWhenTheirRoomIsNeeded() {
        fixture.close();
        fixture = withViews(100_000);
        fixture.create("v");
        CommitId a = commitOf("a", 40_000);
        CommitId b = commitOf("a", 50_000);
        CommitId c = commitOf("a", 45_000);
        CommitId huge = commitOf("a", 120_000);
        Path pathA;
        try (VolumeView viewA = fixture.service.materialise(SPACE, "v", a)) {
            pathA = viewA.path();
            try (VolumeView viewB = fixture.service.materialise(SPACE, "v", b)) {
                assertThat(viewB.path()).exists();
                assertExhausted(c);
            }
            Path pathC;
            try (VolumeView viewC = fixture.service.materialise(SPACE, "v", c)) {
                pathC = viewC.path();
                assertThat(pathA).exists();
                assertThat(pathC.resolve("a")).hasSize(45_000);
                assertThat(names(views.resolve("by-tree/default"))).hasSize(2 + 2);
            }
            assertExhausted(huge);
            assertThat(pathC).exists();
        }
        try (VolumeView viewB = fixture.service.materialise(SPACE, "v", b)) {
            assertThat(viewB.path().resolve("a")).hasSize(50_000);
        }
        assertThat(pathA).doesNotExist();
    }

    private void assertExhausted(CommitId commit) {
        assertThatThrownBy(() -> materialise(commit))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.EXHAUSTED))
                .hasMessageContaining("those that are held take");
    }

    private void materialise(CommitId commit) {
        try (VolumeView view = fixture.service.materialise(SPACE, "v", commit)) {
            assertThat(view.path()).isDirectory();
        }
    }

    @Test
    void leftoversAreRemovedAtStart() throws IOException {
        CommitId head = commitOf("a", 10);
        materialise(head);
        Path tree = views.resolve("by-tree/default");
        Files.createDirectories(tree.resolve("half.building/x"));
        Files.createDirectories(views.resolve("leftover.0/y"));
        Files.createDirectories(views.resolve("not-ours"));
        fixture.reopen();
        fixture.service.close();
        assertThat(views.resolve("by-tree")).isEmptyDirectory();
        assertThat(names(views)).containsExactlyInAnyOrder("by-tree", "not-ours");
        fixture.reopen();
        materialise(head);
    }

    @Test
    void aFailedBuildLeavesNothingAndCanBeTriedAgain() {
        fixture.put("v", "a", "text");
        StagedPut bad = fixture.put("v", "d/bad", "corrupt");
        CommitId head = fixture.commit("v").id();
        fixture.memoryChunks().corrupt(SPACE, new ChunkId(bad.hash()));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> materialise(head)).hasMessageContaining(bad.hash());
            assertThat(views.resolve("by-tree/default")).isEmptyDirectory();
        }
        fixture.remove("v", "d", true);
        materialise(fixture.commit("v").id());
    }

    @Test
    void manyAtOnceBuildOnce() throws InterruptedException, ExecutionException {
        List<CommitId> commits = List.of(commitOf("a", 100_000), commitOf("a", 100_001));
        Set<Path> paths = new HashSet<>();
        List<Future<Path>> leases = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 40; i++) {
                CommitId commit = commits.get(i % 2);
                leases.add(executor.submit(() -> leased(commit)));
            }
        }
        for (Future<Path> lease : leases) {
            paths.add(lease.get());
        }
        assertThat(paths).hasSize(2);
    }

    private Path leased(CommitId commit) {
        try (VolumeView view = fixture.service.materialise(SPACE, "v", commit)) {
            assertThat(view.path().resolve("a")).isRegularFile();
            return view.path();
        }
    }

    @Test
    void viewsThatComeAndGoNeverMixUp() throws InterruptedException, ExecutionException {
        fixture.close();
        fixture = withViews(30_000);
        fixture.create("v");
        List<CommitId> commits = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            commits.add(commitOf("a", 4_000 + i));
        }
        List<Future<?>> users = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int user = 0; user < 3; user++) {
                int seed = user;
                users.add(executor.submit(() -> use(commits, new Random(seed))));
            }
        }
        for (Future<?> user : users) {
            user.get();
        }
    }

    private void use(List<CommitId> commits, Random random) {
        for (int i = 0; i < 60; i++) {
            int index = random.nextInt(commits.size());
            try (VolumeView view = fixture.service.materialise(SPACE, "v", commits.get(index))) {
                assertThat(view.path().resolve("a")).hasSize(4_001 + index);
            }
        }
    }

    @Test
    void aPathThatIsTooLongForTheMachineIsInvalid() {
        String path = ("x".repeat(250) + "/").repeat(15) + "file";
        fixture.put("v", path, "");
        CommitId head = fixture.commit("v").id();
        if (views.toAbsolutePath().toString().length() + path.length() + 80 > 4095) {
            assertThatThrownBy(() -> materialise(head)).hasMessageContaining("too long");
        }
    }

    private Fixture withViews(long bytes) {
        return new Fixture(directory, false, new VolumeConfig(views, new ByteSize(bytes)));
    }

    private CommitId commitOf(String path, int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        fixture.put("v", path, bytes);
        return fixture.commit("v").id();
    }

    private static List<String> names(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.skip(1).map(path -> path.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
