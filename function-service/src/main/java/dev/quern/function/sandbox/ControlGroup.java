package dev.quern.function.sandbox;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/// The group of one sandbox. Thread-safe; figures are 0 or empty once it is closed.
interface ControlGroup extends AutoCloseable {
    /// Files to which a process writes `0` to join.
    List<Path> joinFiles();

    /// CPU time of all its processes so far, in nanoseconds.
    OptionalLong cpuNanos();

    /// Processes that the kernel killed for the memory bound so far.
    long memoryKills();

    /// How often a process could not be made for the process bound so far.
    long processRefusals();

    /// Kills every process in it, once.
    void kill();

    /// Whether no process is left in it.
    boolean isEmpty();

    /// Removes the group; it must be empty.
    @Override
    void close();
}
