package dev.quern.function;

import dev.quern.common.ByteSize;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.function.sandbox.Bind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// What can be said about a deployment without running it.
final class DeployRules {
    private static final Pattern PYTHON =
            Pattern.compile("[\\p{L}_][\\w.]{0,199}:[\\p{L}_][\\w.]{0,199}");
    private static final Pattern JAVA =
            Pattern.compile("[\\p{L}_$][\\w.$]{0,299}::[\\p{L}_$][\\w$]{0,199}");
    private static final ByteSize LEAST_JAVA_MEMORY = ByteSize.ofMebibytes(128);
    private static final int MAX_MOUNTS = 32;
    private static final List<String> RESERVED =
            List.of(
                    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/proc",
                    "/sys", "/dev", "/tmp", "/quern");

    private DeployRules() {}

    /// Checks entry, limits and mount paths.
    ///
    /// @param binds what the runtime itself needs to see
    /// @throws QuernException `INVALID`
    static void check(DeploySpec spec, List<Bind> binds) {
        switch (spec.runtime()) {
            case PYTHON -> require(PYTHON, spec.entry(), "module:function");
            case JAVA -> {
                require(JAVA, spec.entry(), "package.Class::method");
                if (spec.limits().memory().compareTo(LEAST_JAVA_MEMORY) < 0) {
                    throw QuernException.invalid(
                            "memory of a java function must be at least "
                                    + LEAST_JAVA_MEMORY
                                    + ", got "
                                    + spec.limits().memory());
                }
            }
        }
        if (spec.mounts().size() > MAX_MOUNTS) {
            throw QuernException.invalid(
                    "at most " + MAX_MOUNTS + " mounts, got " + spec.mounts().size());
        }
        List<String> taken = new ArrayList<>(RESERVED);
        binds.forEach(bind -> taken.add(bind.target()));
        for (String path : spec.mounts().keySet()) {
            checkForm(path);
            for (String other : taken) {
                if (within(path, other) || within(other, path)) {
                    throw QuernException.invalid(
                            "mount path " + Names.abbreviate(path) + " collides with " + other);
                }
            }
            taken.add(path);
        }
    }

    private static void require(Pattern form, String entry, String expected) {
        if (!form.matcher(entry).matches()) {
            throw QuernException.invalid(
                    "entry must look like "
                            + expected
                            + ", got \""
                            + Names.abbreviate(entry)
                            + "\"");
        }
    }

    private static void checkForm(String path) {
        boolean plain = path.length() > 1 && path.length() <= 200 && path.startsWith("/");
        for (String part : path.substring(Math.min(1, path.length())).split("/", -1)) {
            plain &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
        }
        if (!plain || path.chars().anyMatch(Character::isISOControl)) {
            throw QuernException.invalid(
                    "mount path must be absolute and normalised, such as /data, got \""
                            + Names.abbreviate(path)
                            + "\"");
        }
    }

    private static boolean within(String path, String folder) {
        return path.equals(folder) || path.startsWith(folder + "/");
    }
}
