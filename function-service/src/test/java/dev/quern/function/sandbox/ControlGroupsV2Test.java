package dev.quern.function.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The v2 files, on a directory that looks like the kernel's: this proves names and units, not the
/// kernel.
final class ControlGroupsV2Test {
    @TempDir Path own;

    @BeforeEach
    void make() throws IOException {
        Files.writeString(own.resolve("cgroup.controllers"), "cpu io memory pids\n");
        Files.writeString(own.resolve("cgroup.subtree_control"), "memory pids\n");
        Files.writeString(own.resolve("cgroup.procs"), "");
    }

    private Optional<ControlGroups> open() {
        return ControlGroupsV2.open(new CgroupMounts(Optional.of(own), Map.of()), "quern-1");
    }

    @Test
    void writesBoundsAndReadsFigures() throws IOException {
        ControlGroups groups = open().orElseThrow();
        SandboxBounds bounds =
                new SandboxBounds(ByteSize.ofMebibytes(128), true, 64, ByteSize.ofMebibytes(16));
        ControlGroup group = groups.create("i1", bounds);
        Path folder = own.resolve("quern-1/i1");
        assertThat(folder.resolve("memory.max")).hasContent("134217728");
        assertThat(folder.resolve("pids.max")).hasContent("64");
        assertThat(group.joinFiles()).containsExactly(folder.resolve("cgroup.procs"));
        assertThat(group.memoryKills()).isZero();
        Files.writeString(folder.resolve("memory.events"), "low 0\noom 1\noom_kill 1\n");
        Files.writeString(folder.resolve("pids.events"), "max 3\n");
        Files.writeString(folder.resolve("cpu.stat"), "usage_usec 1500\nuser_usec 1000\n");
        assertThat(group.memoryKills()).isEqualTo(1);
        assertThat(group.processRefusals()).isEqualTo(3);
        assertThat(group.cpuNanos()).hasValue(1_500_000);
        assertThat(group.isEmpty()).isTrue();
    }

    @Test
    void withoutTheControllersItIsNotUsed() throws IOException {
        Files.writeString(own.resolve("cgroup.controllers"), "cpu io\n");
        assertThat(open()).isEmpty();
    }

    @Test
    void takesOverControllersWhereItMay() throws IOException {
        Files.writeString(own.resolve("cgroup.subtree_control"), "");
        assertThat(open()).isPresent();
        assertThat(own.resolve("cgroup.subtree_control")).hasContent("+memory +pids");
    }
}
