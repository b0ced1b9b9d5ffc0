package dev.quern.function.sandbox;

import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes a control group for each sandbox, below the one that this process is in. Thread-safe.
interface ControlGroups extends AutoCloseable {
    /// A new group with the bounds set; no process is in it yet.
    ControlGroup create(String name, SandboxBounds bounds);

    /// `v1` or `v2`, for logs.
    String version();

    @Override
    void close();

    /// The control groups of this machine, when this process may make some.
    ///
    /// @param parent name of the folder for them; one left by an earlier process is emptied
    static Optional<ControlGroups> detect(String parent) {
        Logger log = LoggerFactory.getLogger(ControlGroups.class);
        Optional<CgroupMounts> mounts = CgroupMounts.read();
        if (mounts.isEmpty()) {
            return Optional.empty();
        }
        for (Attempt attempt : List.<Attempt>of(ControlGroupsV2::open, ControlGroupsV1::open)) {
            try {
                Optional<ControlGroups> groups = attempt.open(mounts.get(), parent);
                if (groups.isPresent()) {
                    return groups;
                }
            } catch (RuntimeException e) {
                log.debug("control groups cannot be used", e);
            }
        }
        return Optional.empty();
    }

    /// One way to open them.
    @FunctionalInterface
    interface Attempt {
        /// The groups, or empty when this version is not mounted or not writable.
        Optional<ControlGroups> open(CgroupMounts mounts, String parent);
    }
}
