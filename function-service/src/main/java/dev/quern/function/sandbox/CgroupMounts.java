package dev.quern.function.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where this process's control groups lie in the file system.
///
/// @param unified the v2 group, when a v2 hierarchy is mounted
/// @param controllers the v1 group of each controller that is mounted
record CgroupMounts(Optional<Path> unified, Map<String, Path> controllers) {
    /// From `/proc`; empty on a machine without control groups.
    static Optional<CgroupMounts> read() {
        try {
            return Optional.of(
                    parse(
                            Files.readAllLines(Path.of("/proc/self/mountinfo")),
                            Files.readAllLines(Path.of("/proc/self/cgroup"))));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// @param mounts lines of `mountinfo`: `id parent dev ROOT POINT options - TYPE source SUPER`
    /// @param memberships lines of `cgroup`: `number:controllers:path`
    static CgroupMounts parse(List<String> mounts, List<String> memberships) {
        Map<String, String> paths = new HashMap<>();
        for (String line : memberships) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3) {
                for (String controller : parts[1].split(",", -1)) {
                    paths.put(controller, parts[2]);
                }
            }
        }
        Optional<Path> unified = Optional.empty();
        Map<String, Path> controllers = new HashMap<>();
        for (String line : mounts) {
            String[] fields = line.split(" ", -1);
            int dash = List.of(fields).indexOf("-");
            if (dash < 0 || dash + 3 >= fields.length) {
                continue;
            }
            String root = fields[3];
            Path point = Path.of(fields[4]);
            if (fields[dash + 1].equals("cgroup2")) {
                unified = locate(point, root, paths.get(""));
            } else if (fields[dash + 1].equals("cgroup")) {
                for (String controller : fields[dash + 3].split(",", -1)) {
                    locate(point, root, paths.get(controller))
                            .ifPresent(path -> controllers.put(controller, path));
                }
            }
        }
        return new CgroupMounts(unified, Map.copyOf(controllers));
    }

    /// A container sees a part of the hierarchy: `root` is where that part begins.
    private static Optional<Path> locate(Path point, String root, @Nullable String path) {
        if (path == null) {
            return Optional.empty();
        }
        String below = root.equals("/") ? path : path.startsWith(root) ? rest(path, root) : "";
        return Optional.of(point.resolve(below.replaceFirst("^/+", "")));
    }

    private static String rest(String path, String root) {
        return path.substring(root.length());
    }
}
