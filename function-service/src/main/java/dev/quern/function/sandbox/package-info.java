/// Processes that can do no harm: no network, no view of the machine but read-only system
/// directories and what is bound for them, an unprivileged user, bounds on memory, processes and
/// files, and a kill that leaves nothing behind.
///
/// Entry type: [Sandbox]. Two confinements do the same work: bubblewrap, and util-linux commands
/// with a shell script. Bounds come from control groups (v1 or v2) where this process may create
/// some, else from resource limits and a watcher of resident memory.
///
/// Invariants: a [SandboxProcess] is owned by the thread that started it, and dies with that thread
/// (parent-death signal) and with this process; nothing of the service's environment or open files
/// reaches it.
@NullMarked
package dev.quern.function.sandbox;

import org.jspecify.annotations.NullMarked;
