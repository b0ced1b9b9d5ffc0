package dev.quern.function;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Looks for processes that should not be there any more.
final class Processes {
    private Processes() {}

    static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    /// Waits until no process has the text in its command line.
    static void awaitNone(String text) {
        awaitEmpty(() -> matching(text));
    }

    private static void awaitEmpty(Supplier<List<String>> look) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        List<String> left = look.get();
        while (!left.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(5_000_000);
            left = look.get();
        }
        if (!left.isEmpty()) {
            throw new AssertionError("still there: " + left);
        }
    }

    private static List<String> matching(String text) {
        return ProcessHandle.allProcesses()
                .map(p -> commandLine(p.pid()))
                .filter(line -> line.contains(text))
                .toList();
    }

    private static String commandLine(long pid) {
        try {
            byte[] bytes = Files.readAllBytes(Path.of("/proc", Long.toString(pid), "cmdline"));
            return new String(bytes, StandardCharsets.UTF_8).replace('\0', ' ');
        } catch (IOException e) {
            return "";
        }
    }
}
