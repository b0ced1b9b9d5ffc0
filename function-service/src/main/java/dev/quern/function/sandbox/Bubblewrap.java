package dev.quern.function.sandbox;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Confinement by bubblewrap. As root it makes no user namespace, so that the process inside can
/// become a user of its own (`setpriv`) instead of root under another name; otherwise bubblewrap
/// makes one and forbids further ones.
final class Bubblewrap implements Confinement {
    private final boolean groups;

    /// @param groups whether control groups bound memory
    Bubblewrap(boolean groups) {
        this.groups = groups;
    }

    @Override
    public String name() {
        return "bwrap";
    }

    @Override
    public boolean confines() {
        return true;
    }

    @Override
    public List<String> wrap(SandboxView view, SandboxCommand command, OptionalInt uid) {
        List<String> line = new ArrayList<>();
        line.add("bwrap");
        namespaces(line, uid.isPresent());
        files(line, view, Long.toString(command.bounds().tmp().bytes()));
        line.add("--");
        if (uid.isPresent()) {
            line.addAll(Limits.dropPrivileges(uid));
        }
        line.addAll(Limits.wrap(command, true, !groups && command.bounds().boundData()));
        return line;
    }

    private static void namespaces(List<String> line, boolean root) {
        line.addAll(
                List.of(
                        "--unshare-ipc",
                        "--unshare-pid",
                        "--unshare-net",
                        "--unshare-uts",
                        "--unshare-cgroup-try",
                        "--die-with-parent",
                        "--new-session",
                        "--hostname",
                        "quern"));
        if (root) {
            // What setpriv needs to give up the rest.
            line.addAll(List.of("--cap-drop", "ALL"));
            for (String kept : List.of("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")) {
                line.addAll(List.of("--cap-add", kept));
            }
        } else {
            line.addAll(List.of("--unshare-user", "--disable-userns"));
            line.addAll(List.of("--uid", "65534", "--gid", "65534"));
        }
    }

    private static void files(List<String> line, SandboxView view, String tmpBytes) {
        // First, so that what is bound below it (an interpreter in /tmp) stays in sight.
        line.addAll(List.of("--perms", "1777", "--size", tmpBytes, "--tmpfs", "/tmp"));
        Set<String> made = new LinkedHashSet<>(List.of("/tmp"));
        for (Bind bind : view.binds()) {
            // bwrap makes missing parents with mode 0700, which another user cannot pass.
            for (int slash = bind.target().indexOf('/', 1);
                    slash > 0;
                    slash = bind.target().indexOf('/', slash + 1)) {
                String parent = bind.target().substring(0, slash);
                boolean bound = view.binds().stream().anyMatch(b -> within(parent, b.target()));
                if (!bound && made.add(parent)) {
                    line.addAll(List.of("--perms", "0755", "--dir", parent));
                }
            }
            line.addAll(List.of("--ro-bind", bind.source().toString(), bind.target()));
        }
        for (SandboxView.Link link : view.links()) {
            line.addAll(List.of("--symlink", link.target(), link.path()));
        }
        line.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
        line.addAll(List.of("--perms", "1777", "--size", tmpBytes, "--tmpfs", "/dev/shm"));
        line.addAll(List.of("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"));
    }

    private static boolean within(String path, String folder) {
        return path.equals(folder) || path.startsWith(folder + "/");
    }
}
