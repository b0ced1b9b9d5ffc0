package dev.quern.function.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CgroupMountsTest {
    @Test
    void readsAHybridMachine() {
        CgroupMounts mounts =
                CgroupMounts.parse(
                        List.of(
                                "31 25 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
                                "32 31 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup"
                                        + " rw,cpu,cpuacct",
                                "36 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup"
                                        + " rw,memory",
                                "41 31 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"),
                        List.of("4:memory:/jobs/7", "2:cpu,cpuacct:/", "0::/user.slice"));
        assertThat(mounts.controllers())
                .containsEntry("memory", Path.of("/sys/fs/cgroup/memory/jobs/7"))
                .containsEntry("cpuacct", Path.of("/sys/fs/cgroup/cpu,cpuacct"));
        assertThat(mounts.unified()).contains(Path.of("/sys/fs/cgroup/unified/user.slice"));
    }

    @Test
    void readsAContainerThatSeesItsPartOnly() {
        CgroupMounts mounts =
                CgroupMounts.parse(
                        List.of(
                                "36 31 0:32 /docker/ab /sys/fs/cgroup/memory ro master:9 - cgroup"
                                        + " cgroup rw,memory",
                                "9 8 0:5 / /sys/fs/cgroup rw - cgroup2 cgroup rw"),
                        List.of("4:memory:/docker/ab/x", "0::/"));
        assertThat(mounts.controllers())
                .containsEntry("memory", Path.of("/sys/fs/cgroup/memory/x"));
        assertThat(mounts.unified()).contains(Path.of("/sys/fs/cgroup"));
    }

    @Test
    void oddLinesAreNoReasonToFail() {
        CgroupMounts mounts = CgroupMounts.parse(List.of("", "a b", "1 2 - x"), List.of("", "x"));
        assertThat(mounts.controllers()).isEmpty();
        assertThat(mounts.unified()).isEmpty();
    }
}
