package dev.quern.function;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.function.runner.RunnerMain;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.zip.ZipFile;

/// The entries of a class path that the Java runner needs, found when first asked for: user code
/// should not see the service's other libraries, and fewer entries start faster. Thread-safe.
final class RunnerClassPath implements Supplier<List<Path>> {
    private static final List<Class<?>> NEEDED =
            List.of(RunnerMain.class, ObjectMapper.class, JsonFactory.class, JsonInclude.class);
    private final String classPath;

    @GuardedBy("this")
    private List<Path> found = List.of();

    RunnerClassPath(String classPath) {
        this.classPath = classPath;
    }

    /// @throws QuernException `UNAVAILABLE` if a class that the runner needs is nowhere
    @Override
    public synchronized List<Path> get() {
        if (found.isEmpty()) {
            found = find();
        }
        return found;
    }

    private List<Path> find() {
        List<Path> entries = new ArrayList<>();
        Set<Class<?>> missing = new HashSet<>(NEEDED);
        for (String text : classPath.split(File.pathSeparator, -1)) {
            Path entry = Path.of(text).toAbsolutePath().normalize();
            if (!text.isEmpty() && Files.exists(entry)) {
                List<Class<?>> holds = missing.stream().filter(c -> holds(entry, c)).toList();
                if (!holds.isEmpty()) {
                    entries.add(entry);
                    holds.forEach(missing::remove);
                }
            }
        }
        if (!missing.isEmpty()) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "java functions cannot run: not on the runner's class path: " + missing);
        }
        return List.copyOf(entries);
    }

    private static boolean holds(Path entry, Class<?> type) {
        String name = type.getName().replace('.', '/') + ".class";
        if (Files.isDirectory(entry)) {
            return Files.exists(entry.resolve(name));
        }
        try (ZipFile zip = new ZipFile(entry.toFile())) {
            return zip.getEntry(name) != null;
        } catch (IOException e) {
            return false;
        }
    }
}
