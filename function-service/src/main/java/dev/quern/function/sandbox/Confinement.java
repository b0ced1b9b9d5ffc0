package dev.quern.function.sandbox;

import java.util.List;
import java.util.OptionalInt;

/// Turns a command into one that runs it confined. Stateless.
interface Confinement {
    /// `bwrap`, `unshare` or `none`.
    String name();

    /// Whether the command gets its own file system view, so that binds take effect.
    boolean confines();

    /// The command line to start.
    ///
    /// @param view what the sandbox sees, parents before what lies in them
    /// @param command what to run inside
    /// @param uid the user to become, when this process is root
    List<String> wrap(SandboxView view, SandboxCommand command, OptionalInt uid);
}
