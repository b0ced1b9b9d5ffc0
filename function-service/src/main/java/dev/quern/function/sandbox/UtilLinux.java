package dev.quern.function.sandbox;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// Confinement by util-linux commands: `unshare` makes the namespaces, `sandbox.sh` the root
/// directory, `setpriv` gives up the privileges.
final class UtilLinux implements Confinement {
    private final Path script;
    private final Path root;
    private final boolean groups;

    /// @param script `sandbox.sh`
    /// @param root an empty directory; each sandbox mounts its own root on it, unseen by others
    /// @param groups whether control groups bound memory
    UtilLinux(Path script, Path root, boolean groups) {
        this.script = script;
        this.root = root;
        this.groups = groups;
    }

    @Override
    public String name() {
        return "unshare";
    }

    @Override
    public boolean confines() {
        return true;
    }

    @Override
    public List<String> wrap(SandboxView view, SandboxCommand command, OptionalInt uid) {
        List<String> line =
                new ArrayList<>(
                        List.of(
                                "setpriv",
                                "--pdeathsig",
                                "KILL",
                                "unshare",
                                "--mount",
                                "--pid",
                                "--net",
                                "--ipc",
                                "--uts",
                                "--cgroup",
                                "--fork",
                                "--kill-child=KILL",
                                "--propagation",
                                "private"));
        if (uid.isEmpty()) {
            line.addAll(List.of("--user", "--map-root-user"));
        }
        line.addAll(List.of("--", "/bin/sh", script.toString(), root.toString()));
        line.add(Long.toString(command.bounds().tmp().bytes()));
        for (Bind bind : view.binds()) {
            line.addAll(List.of("bind", bind.source().toString(), bind.target()));
        }
        for (SandboxView.Link link : view.links()) {
            line.addAll(List.of("link", link.target(), link.path()));
        }
        line.add("--");
        line.addAll(Limits.dropPrivileges(uid));
        line.addAll(Limits.wrap(command, true, !groups && command.bounds().boundData()));
        return line;
    }
}
