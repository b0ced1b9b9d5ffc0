package dev.quern.function.sandbox;

import dev.quern.common.ByteSize;

/// What a sandbox may use.
///
/// @param memory of all its processes together
/// @param boundData whether each process's private memory is bounded to `memory` too where there
///   are no control groups; false for a JVM, which bounds its own heap
/// @param processes processes and threads
/// @param tmp size of `/tmp` and of `/dev/shm`, and of the largest file
public record SandboxBounds(ByteSize memory, boolean boundData, int processes, ByteSize tmp) {}
