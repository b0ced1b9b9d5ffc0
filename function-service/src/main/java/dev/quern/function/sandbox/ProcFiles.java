package dev.quern.function.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// What `/proc` says about processes; nothing where there is no `/proc`.
final class ProcFiles {
    private ProcFiles() {}

    /// Highest resident size of a process so far, in bytes.
    static OptionalLong peakBytes(long pid) {
        String status = read(Path.of("/proc", Long.toString(pid), "status"));
        return kibibytes(status, "VmHWM:");
    }

    /// Resident memory of a process that is its own: anonymous and shared, without mapped files.
    static long privateBytes(long pid) {
        String status = read(Path.of("/proc", Long.toString(pid), "status"));
        return kibibytes(status, "RssAnon:").orElse(0) + kibibytes(status, "RssShmem:").orElse(0);
    }

    /// Like [#privateBytes], each page shared by several processes counted in parts; slower.
    static long proportionalBytes(long pid) {
        String rollup = read(Path.of("/proc", Long.toString(pid), "smaps_rollup"));
        OptionalLong anonymous = kibibytes(rollup, "Pss_Anon:");
        return anonymous.isPresent()
                ? anonymous.getAsLong() + kibibytes(rollup, "Pss_Shmem:").orElse(0)
                : privateBytes(pid);
    }

    /// Child processes, eldest first.
    static List<Long> children(long pid) {
        String id = Long.toString(pid);
        String text = read(Path.of("/proc", id, "task", id, "children")).strip();
        List<Long> children = new ArrayList<>();
        for (String child : text.split(" ", -1)) {
            if (!child.isEmpty()) {
                children.add(Long.valueOf(child));
            }
        }
        return children;
    }

    /// A process and all below it, at most 10,000.
    static List<Long> tree(long pid) {
        List<Long> found = new ArrayList<>(List.of(pid));
        for (int i = 0; i < found.size() && found.size() < 10_000; i++) {
            found.addAll(children(found.get(i)));
        }
        return found;
    }

    private static OptionalLong kibibytes(String text, String name) {
        int at = text.indexOf("\n" + name);
        if (at < 0) {
            return OptionalLong.empty();
        }
        int end = text.indexOf(" kB", at);
        return end < 0
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Long.parseLong(text.substring(at + 1 + name.length(), end).strip()) << 10);
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "";
        }
    }
}
