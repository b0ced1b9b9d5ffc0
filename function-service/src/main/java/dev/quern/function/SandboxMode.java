package dev.quern.function;

/// How function processes are confined.
public enum SandboxMode {
    /// Bubblewrap when it works on this machine, else util-linux `unshare`, else calls are refused.
    AUTO,
    /// Bubblewrap (`bwrap`) or nothing.
    BWRAP,
    /// util-linux `unshare`, `mount`, `pivot_root` and `setpriv`, or nothing.
    UNSHARE,
    /// No confinement at all: functions run as the service's own user. Only for trusted code.
    NONE;

    /// The name in receipts and configuration: `auto`, `bwrap`, `unshare` or `none`.
    public String wireName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
