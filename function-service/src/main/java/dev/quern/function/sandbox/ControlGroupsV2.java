package dev.quern.function.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Control groups v2: one directory per sandbox. A group that hands controllers to children may
/// hold no process itself; when this process is alone in its group (a service unit with
/// `Delegate=yes`, a container) it steps aside into a child named `quern-server`.
final class ControlGroupsV2 implements ControlGroups {
    private static final Set<String> NEEDED = Set.of("memory", "pids");
    private final Path parent;

    private ControlGroupsV2(Path parent) {
        this.parent = parent;
    }

    static Optional<ControlGroups> open(CgroupMounts mounts, String parent) {
        if (mounts.unified().isEmpty()) {
            return Optional.empty();
        }
        Path own = mounts.unified().get();
        if (own.endsWith("quern-server")) {
            own = own.getParent();
        }
        if (own == null || !Files.isWritable(own) || !has(own, "cgroup.controllers")) {
            return Optional.empty();
        }
        if (!has(own, "cgroup.subtree_control") && !delegate(own)) {
            return Optional.empty();
        }
        Path folder = own.resolve(parent);
        CgroupFiles.sweep(folder);
        make(folder);
        CgroupFiles.write(folder.resolve("cgroup.subtree_control"), "+memory +pids");
        return Optional.of(new ControlGroupsV2(folder));
    }

    private static boolean delegate(Path own) {
        Path control = own.resolve("cgroup.subtree_control");
        try {
            CgroupFiles.write(control, "+memory +pids");
            return true;
        } catch (UncheckedIOException e) {
            long self = ProcessHandle.current().pid();
            if (!CgroupFiles.processes(own).equals(List.of(self))) {
                return false;
            }
            Path aside = make(own.resolve("quern-server"));
            CgroupFiles.write(aside.resolve("cgroup.procs"), Long.toString(self));
            CgroupFiles.write(control, "+memory +pids");
            return true;
        }
    }

    @Override
    public String version() {
        return "v2";
    }

    @Override
    public ControlGroup create(String name, SandboxBounds bounds) {
        Path folder = make(parent.resolve(name));
        CgroupFiles.write(folder.resolve("memory.max"), Long.toString(bounds.memory().bytes()));
        for (String file : List.of("memory.swap.max", "memory.oom.group")) {
            if (Files.isWritable(folder.resolve(file))) {
                CgroupFiles.write(folder.resolve(file), "0");
            }
        }
        CgroupFiles.write(folder.resolve("pids.max"), Integer.toString(bounds.processes()));
        return new Group(folder);
    }

    @Override
    public void close() {
        CgroupFiles.remove(parent);
    }

    private static boolean has(Path group, String file) {
        try {
            return Set.of(Files.readString(group.resolve(file)).strip().split("\\s+", -1))
                    .containsAll(NEEDED);
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    private static Path make(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Group(Path folder) implements ControlGroup {
        @Override
        public List<Path> joinFiles() {
            return List.of(folder.resolve("cgroup.procs"));
        }

        @Override
        public OptionalLong cpuNanos() {
            OptionalLong micros = CgroupFiles.field(folder.resolve("cpu.stat"), "usage_usec");
            return micros.isPresent()
                    ? OptionalLong.of(micros.getAsLong() * 1_000)
                    : OptionalLong.empty();
        }

        @Override
        public long memoryKills() {
            return CgroupFiles.field(folder.resolve("memory.events"), "oom_kill").orElse(0);
        }

        @Override
        public long processRefusals() {
            return CgroupFiles.field(folder.resolve("pids.events"), "max").orElse(0);
        }

        @Override
        public void kill() {
            Path file = folder.resolve("cgroup.kill");
            if (Files.isWritable(file)) {
                CgroupFiles.write(file, "1");
            } else {
                CgroupFiles.killAll(folder);
            }
        }

        @Override
        public boolean isEmpty() {
            return CgroupFiles.processes(folder).isEmpty();
        }

        @Override
        public void close() {
            CgroupFiles.remove(folder);
        }
    }
}
