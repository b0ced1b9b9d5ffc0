package dev.quern.function;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The Python of this machine. What is on the PATH may be a script that picks one, so it is asked
/// where it really lies.
///
/// @param executable the interpreter
/// @param folders what it needs to see: its prefixes and the folders of its search path
record PythonInterpreter(Path executable, List<Path> folders) {
    private static final String ASK =
            "import sys, json; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix,"
                    + " sys.exec_prefix, *sys.path, list(sys.version_info[:2])]))";
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Asks a command where it lies.
    ///
    /// @throws QuernException `UNAVAILABLE`, saying what is missing
    static PythonInterpreter find(String command) {
        JsonNode answer = ask(command);
        JsonNode version = answer.get(answer.size() - 1);
        if (version.get(0).asInt() != 3 || version.get(1).asInt() < 8) {
            throw unavailable(command, "is version " + version + ", 3.8 or later is needed", null);
        }
        TreeSet<Path> folders = new TreeSet<>();
        for (int i = 1; i < answer.size() - 1; i++) {
            Path path = Path.of(answer.get(i).asText());
            if (path.isAbsolute() && path.getNameCount() > 0 && Files.isDirectory(path)) {
                folders.add(path.normalize());
            }
        }
        List<Path> roots =
                folders.stream()
                        .filter(f ->
                                folders.stream().noneMatch(o -> !o.equals(f) && f.startsWith(o)))
                        .toList();
        return new PythonInterpreter(Path.of(answer.get(0).asText()), roots);
    }

    private static JsonNode ask(String command) {
        try {
            Process process = new ProcessBuilder(command, "-I", "-c", ASK).start();
            process.getOutputStream().close();
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw unavailable(command, "does not answer", null);
            }
            String output = text(process.getInputStream().readAllBytes());
            if (process.exitValue() != 0) {
                throw unavailable(
                        command, "fails: " + text(process.getErrorStream().readAllBytes()), null);
            }
            return JSON.readTree(output);
        } catch (JsonProcessingException e) {
            throw unavailable(command, "gives no JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw unavailable(command, "cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable(command, "was not waited for", e);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).strip();
    }

    private static QuernException unavailable(
            String command, String problem, @Nullable Throwable cause) {
        return new QuernException(
                ErrorKind.UNAVAILABLE,
                "python functions need Python 3.8 or later; " + command + " " + problem,
                cause);
    }
}
