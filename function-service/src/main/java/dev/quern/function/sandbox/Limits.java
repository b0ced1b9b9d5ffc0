package dev.quern.function.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// Command line pieces that every confinement uses within its own.
final class Limits {
    /// `ulimit -u` is bash's spelling, `-p` that of dash and busybox; a bound that is higher than
    /// what this process may raise is left as it is.
    private static final String SCRIPT =
            """
            ulimit -c 0
            ulimit -n 1024 2>/dev/null
            ulimit -f "$1"
            [ "$2" = - ] || ulimit -u "$2" 2>/dev/null || ulimit -p "$2"
            [ "$3" = - ] || ulimit -d "$3"
            shift 3
            exec "$@"
            """;

    private Limits() {}

    /// A command that sets resource limits and then becomes the sandboxed one.
    ///
    /// @param boundProcesses whether this user's processes are all of this sandbox
    static List<String> wrap(SandboxCommand command, boolean boundProcesses, boolean boundData) {
        SandboxBounds bounds = command.bounds();
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT, "quern"));
        line.add(Long.toString(bounds.tmp().bytes() / 512));
        line.add(boundProcesses ? Integer.toString(bounds.processes()) : "-");
        line.add(boundData ? Long.toString(bounds.memory().bytes() / 1024) : "-");
        line.addAll(command.arguments());
        return line;
    }

    /// A prefix that gives up every privilege for good, and the user when it is root's.
    static List<String> dropPrivileges(OptionalInt uid) {
        List<String> line = new ArrayList<>(List.of("setpriv"));
        if (uid.isPresent()) {
            String id = Integer.toString(uid.getAsInt());
            line.addAll(List.of("--reuid", id, "--regid", id, "--clear-groups"));
        }
        line.addAll(
                List.of(
                        "--no-new-privs",
                        "--bounding-set=-all",
                        "--inh-caps=-all",
                        "--ambient-caps=-all"));
        return line;
    }
}
