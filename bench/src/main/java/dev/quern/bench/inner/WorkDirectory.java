package dev.quern.bench.inner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A directory of one JMH iteration, on the disk that the system property `quern.bench.work` names.
final class WorkDirectory {
    private final Path path;

    private WorkDirectory(Path path) {
        this.path = path;
    }

    static WorkDirectory create() throws IOException {
        Path parent = Path.of(System.getProperty("quern.bench.work", "target"));
        return new WorkDirectory(Files.createTempDirectory(parent, "jmh"));
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    void delete() throws IOException {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(path)) {
            files = tree.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
