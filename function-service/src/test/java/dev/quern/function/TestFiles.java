package dev.quern.function;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/// Writes test sources and makes jars of them.
final class TestFiles {
    private TestFiles() {}

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Compiles one class `demo.Demo` and puts it into a jar.
    static byte[] jar(Path directory, String source, String... options) {
        try {
            Path file = directory.resolve("src/demo/Demo.java");
            write(file, source);
            Path classes = Files.createDirectories(directory.resolve("classes"));
            JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
            List<String> line = new ArrayList<>(List.of("-proc:none", "-d", classes.toString()));
            line.addAll(List.of(options));
            line.add(file.toString());
            if (compiler.run(null, null, null, line.toArray(String[]::new)) != 0) {
                throw new AssertionError("test source does not compile");
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes);
                    Stream<Path> all = Files.walk(classes)) {
                for (Path each : all.filter(Files::isRegularFile).toList()) {
                    zip.putNextEntry(new ZipEntry(classes.relativize(each).toString()));
                    zip.write(Files.readAllBytes(each));
                    zip.closeEntry();
                }
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
