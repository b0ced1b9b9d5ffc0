package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The rules of shape that no other tool checks: length of files and methods, a package-info for
/// every package, and nothing left unfinished.
final class TidyTest {
    private static final int FILE_LINES = 500;
    private static final int METHOD_LINES = 70;
    private static final Pattern UNFINISHED =
            Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

    private static final List<Path> SOURCES = sources();

    private static Path checkout() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("storage-engine/pom.xml"))) {
            folder = folder.getParent();
        }
        return Objects.requireNonNull(folder, "the tests run in a checkout");
    }

    private static List<Path> sources() {
        try (Stream<Path> files = Files.walk(checkout())) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> file.toString().contains("/src/"))
                    .filter(file -> !file.toString().contains("/target/"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void seesTheWholeTree() {
        assertThat(SOURCES).hasSizeGreaterThan(100);
    }

    @Test
    void filesAreShort() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path source : SOURCES) {
            int lines = Files.readAllLines(source, StandardCharsets.UTF_8).size();
            if (lines > FILE_LINES) {
                tooLong.add(source + ": " + lines);
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void nothingIsLeftUnfinished() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path source : SOURCES) {
            if (UNFINISHED.matcher(Files.readString(source)).find()) {
                found.add(source.toString());
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    void packagesSayWhatTheyAreFor() {
        TreeSet<Path> missing = new TreeSet<>();
        for (Path source : SOURCES) {
            Path folder = source.resolveSibling("");
            boolean main = source.toString().contains("/src/main/java/");
            if (main && !Files.exists(folder.resolve("package-info.java"))) {
                missing.add(folder);
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void methodsAreShort() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> tooLong = new ArrayList<>();
        try (StandardJavaFileManager files =
                compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    files,
                                    null,
                                    List.of("-proc:none"),
                                    null,
                                    files.getJavaFileObjectsFromPaths(SOURCES));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                new LongMethods(unit, positions, tooLong).scan(unit, null);
            }
        }
        assertThat(tooLong).isEmpty();
    }

    private static final class LongMethods extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final List<String> tooLong;

        LongMethods(CompilationUnitTree unit, SourcePositions positions, List<String> tooLong) {
            this.unit = unit;
            this.positions = positions;
            this.tooLong = tooLong;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void nothing) {
            LineMap lines = unit.getLineMap();
            if (method.getBody() != null) {
                long first = lines.getLineNumber(positions.getStartPosition(unit, method));
                long last = lines.getLineNumber(positions.getEndPosition(unit, method));
                if (last - first + 1 > METHOD_LINES) {
                    tooLong.add(
                            unit.getSourceFile().getName()
                                    + ":"
                                    + first
                                    + " "
                                    + method.getName()
                                    + ": "
                                    + (last - first + 1));
                }
            }
            return super.visitMethod(method, null);
        }
    }
}
