package dev.quern.bench;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The processor in two halves, one for what serves and one for those who ask, so that both have as
/// much of it and every peer has the same. Where `taskset` is missing or there is one core, nobody
/// is held to anything.
///
/// @param all cores that there are; 0 when nobody is held
record Cores(int all) {
    private static final Path TASKSET = Path.of("/usr/bin/taskset");

    /// The two halves.
    static Cores halves() {
        int all = Runtime.getRuntime().availableProcessors();
        return new Cores(all < 2 || !Files.isExecutable(TASKSET) ? 0 : all);
    }

    private boolean held() {
        return all > 0;
    }

    private String servers() {
        return "0-" + (all / 2 - 1);
    }

    private String clients() {
        return all / 2 + "-" + (all / 2 * 2 - 1);
    }

    /// What the figures say about it.
    String describe() {
        return held()
                ? "servers and peers on cores " + servers() + ", clients on cores " + clients()
                : "servers and clients share all cores: no taskset";
    }

    /// A command that serves.
    List<String> serving(List<String> command) {
        if (!held()) {
            return command;
        }
        List<String> pinned = new ArrayList<>(List.of(TASKSET.toString(), "-c", servers()));
        pinned.addAll(command);
        return pinned;
    }

    /// The cores that serve, joined by commas; empty when nobody is held.
    String serverList() {
        return IntStream.range(0, all / 2)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(","));
    }

    /// Holds this process to the clients' half.
    Held holdThis(Path directory) {
        if (held()) {
            hold(directory, clients());
        }
        return () -> {
            if (held()) {
                hold(directory, "0-" + (all - 1));
            }
        };
    }

    /// Gives the process the whole processor again.
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    private static void hold(Path directory, String cores) {
        String pid = Long.toString(ProcessHandle.current().pid());
        Shell.output(directory, TASKSET.toString(), "-a", "-c", "-p", cores, pid);
    }

    /// A program that starts another one on the servers' half.
    Path servingLauncher(Path directory, String launcher) {
        String command = String.join(" ", serving(List.of("'" + launcher + "'")));
        try {
            Path script = directory.resolve("serving");
            Files.writeString(script, "#!/bin/sh\nexec " + command + " \"$@\"\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
            return script;
        } catch (IOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "no place for a launcher: " + e, e);
        }
    }
}
