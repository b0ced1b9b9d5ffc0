package dev.quern.function.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The same confinements for a service that is not root: no control groups, so bounds are limits
/// and the memory watcher. Needs root to become somebody else; where user namespaces are not
/// allowed the mode is left out, and said so.
final class UnprivilegedSandboxTest {
    @TempDir Path dir;

    @ParameterizedTest
    @EnumSource(
            value = SandboxMode.class,
            names = {"BWRAP", "UNSHARE"})
    void confinesWithoutRoot(SandboxMode mode) throws IOException, InterruptedException {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
                "needs root to start a process of another user");
        Path home = Files.createDirectory(dir.resolve("home"));
        open(dir);
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path secret = Files.writeString(dir.resolve("secret"), "s");
        String output = runAsOther(mode, home, secret);
        assumeTrue(
                !output.contains("no sandbox works here"),
                () -> mode + " does not work without root on this machine: " + output);

        assertThat(output)
                .contains("sandbox " + (mode == SandboxMode.BWRAP ? "bwrap" : "unshare"))
                .contains("CapEff: 0000000000000000", "CapBnd: 0000000000000000", "NoNewPrivs: 1")
                .contains("tmp data", "nets 1", "Cannot fork")
                .doesNotContain("root writable", "secret seen")
                .containsPattern("MemoryError|memory true")
                .endsWith("memory true");
    }

    private String runAsOther(SandboxMode mode, Path home, Path secret)
            throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> line =
                List.of(
                        "setpriv",
                        "--reuid",
                        "54321",
                        "--regid",
                        "54321",
                        "--clear-groups",
                        "--",
                        java.toString(),
                        "-Xmx128m",
                        "-cp",
                        readableClassPath(),
                        UnprivilegedProbe.class.getName(),
                        mode.name(),
                        home.toString(),
                        secret.toString());
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.strip();
    }

    /// The other user cannot read this one's folders: copies what the probe needs.
    private String readableClassPath() throws IOException {
        List<String> copied = new ArrayList<>();
        Path libraries = Files.createDirectory(dir.resolve("lib"));
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path source = Path.of(entry);
            String name = source.toString();
            boolean ours = name.contains("function") || name.contains("common");
            boolean needed =
                    (Files.isDirectory(source) && !entry.isEmpty())
                            || (Files.isRegularFile(source)
                                    && (ours
                                            || name.contains("slf4j")
                                            || name.contains("jspecify")));
            if (needed) {
                Path target = libraries.resolve(copied.size() + "-" + source.getFileName());
                copy(source, target);
                copied.add(target.toString());
            }
        }
        open(libraries);
        return String.join(":", copied);
    }

    private static void copy(Path source, Path target) throws IOException {
        Files.walkFileTree(
                source,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes a)
                            throws IOException {
                        open(Files.createDirectories(to(folder)));
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes a)
                            throws IOException {
                        Files.copy(file, to(file));
                        Files.setPosixFilePermissions(
                                to(file), PosixFilePermissions.fromString("rw-r--r--"));
                        return FileVisitResult.CONTINUE;
                    }

                    private Path to(Path from) {
                        return from.equals(source)
                                ? target
                                : target.resolve(source.relativize(from).toString());
                    }
                });
    }

    private static void open(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
