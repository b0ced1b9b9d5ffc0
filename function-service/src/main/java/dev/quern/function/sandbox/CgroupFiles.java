package dev.quern.function.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/// Reads and writes the files by which the kernel shows control groups.
final class CgroupFiles {
    private CgroupFiles() {}

    static void write(Path file, String value) {
        try {
            Files.writeString(file, value);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " <- " + value, e);
        }
    }

    /// The number that is the file's whole text.
    static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(read(file).strip()));
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /// The number after `name` and a space at the start of a line.
    static OptionalLong field(Path file, String name) {
        try {
            for (String line : read(file).split("\n", -1)) {
                if (line.startsWith(name) && line.startsWith(" ", name.length())) {
                    return OptionalLong.of(Long.parseLong(line.substring(name.length() + 1)));
                }
            }
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
        return OptionalLong.empty();
    }

    /// The processes in a group; none when there is no such group.
    static List<Long> processes(Path group) {
        try {
            return read(group.resolve("cgroup.procs")).lines().map(Long::valueOf).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException | NumberFormatException e) {
            return List.of();
        }
    }

    static void killAll(Path group) {
        for (long pid : processes(group)) {
            // 0 stands for a process of another namespace.
            if (pid > 0) {
                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    /// Empties and removes a folder of groups that an earlier process has left.
    static void sweep(Path parent) {
        if (!Files.isDirectory(parent)) {
            return;
        }
        List<Path> groups = new ArrayList<>();
        try (DirectoryStream<Path> children =
                Files.newDirectoryStream(parent, child -> Files.isDirectory(child))) {
            children.forEach(groups::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        groups.add(parent);
        for (Path group : groups) {
            killAll(group);
            remove(group);
        }
    }

    /// Removes a group; waits a little for the kernel to let go of killed processes.
    ///
    /// @return false if it is still there
    static boolean remove(Path group) {
        for (int i = 0; i < 200; i++) {
            try {
                Files.deleteIfExists(group);
                return true;
            } catch (IOException e) {
                LockSupport.parkNanos(5_000_000);
            }
        }
        return false;
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
    }
}
