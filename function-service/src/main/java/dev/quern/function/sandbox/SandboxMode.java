package dev.quern.function.sandbox;

/// How function processes are confined.
public enum SandboxMode {
    /// Bubblewrap when it works on this machine, else util-linux, else processes are refused.
    AUTO,
    /// Bubblewrap (`bwrap`) or nothing.
    BWRAP,
    /// util-linux (`unshare`, `mount`, `pivot_root`, `setpriv`) or nothing.
    UNSHARE,
    /// No confinement at all: processes run as the service's own user. Only for trusted code.
    NONE
}
