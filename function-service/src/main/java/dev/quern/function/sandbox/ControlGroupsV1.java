package dev.quern.function.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/// Control groups v1: one directory in each controller's hierarchy. Memory and process counts are
/// needed, CPU accounting is used where it is there.
final class ControlGroupsV1 implements ControlGroups {
    private final Map<String, Path> parents;

    private ControlGroupsV1(Map<String, Path> parents) {
        this.parents = parents;
    }

    static Optional<ControlGroups> open(CgroupMounts mounts, String parent) {
        Map<String, Path> parents = new LinkedHashMap<>();
        for (String controller : List.of("memory", "pids", "cpuacct")) {
            Path own = mounts.controllers().get(controller);
            if (own != null && Files.isWritable(own)) {
                parents.put(controller, own.resolve(parent));
            }
        }
        if (!parents.containsKey("memory") || !parents.containsKey("pids")) {
            return Optional.empty();
        }
        for (Path path : parents.values()) {
            CgroupFiles.sweep(path);
            make(path);
        }
        return Optional.of(new ControlGroupsV1(parents));
    }

    @Override
    public String version() {
        return "v1";
    }

    @Override
    public ControlGroup create(String name, SandboxBounds bounds) {
        Map<String, Path> group = new LinkedHashMap<>();
        parents.forEach((controller, parent) -> group.put(controller, make(parent.resolve(name))));
        Path memory = parents.get("memory");
        Path pids = parents.get("pids");
        if (memory == null || pids == null) {
            throw new IllegalStateException("opened without " + parents.keySet());
        }
        String bytes = Long.toString(bounds.memory().bytes());
        CgroupFiles.write(memory.resolve(name).resolve("memory.limit_in_bytes"), bytes);
        Path swap = memory.resolve(name).resolve("memory.memsw.limit_in_bytes");
        if (Files.isWritable(swap)) {
            CgroupFiles.write(swap, bytes);
        }
        CgroupFiles.write(
                pids.resolve(name).resolve("pids.max"), Integer.toString(bounds.processes()));
        return new Group(group);
    }

    @Override
    public void close() {
        parents.values().forEach(CgroupFiles::remove);
    }

    private static Path make(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Group implements ControlGroup {
        private final Map<String, Path> folders;
        private final List<Path> join;
        private final AtomicBoolean closed = new AtomicBoolean();

        Group(Map<String, Path> folders) {
            this.folders = folders;
            List<Path> files = new ArrayList<>();
            folders.values().forEach(folder -> files.add(folder.resolve("cgroup.procs")));
            join = List.copyOf(files);
        }

        @Override
        public List<Path> joinFiles() {
            return join;
        }

        @Override
        public OptionalLong cpuNanos() {
            Path folder = folders.get("cpuacct");
            return folder == null
                    ? OptionalLong.empty()
                    : CgroupFiles.number(folder.resolve("cpuacct.usage"));
        }

        @Override
        public long memoryKills() {
            return field("memory", "memory.oom_control", "oom_kill");
        }

        @Override
        public long processRefusals() {
            return field("pids", "pids.events", "max");
        }

        @Override
        public void kill() {
            folders.values().stream().limit(1).forEach(CgroupFiles::killAll);
        }

        @Override
        public boolean isEmpty() {
            return folders.values().stream()
                    .allMatch(folder -> CgroupFiles.processes(folder).isEmpty());
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                folders.values().forEach(CgroupFiles::remove);
            }
        }

        private long field(String controller, String file, String name) {
            Path folder = folders.get(controller);
            return folder == null ? 0 : CgroupFiles.field(folder.resolve(file), name).orElse(0);
        }
    }
}
