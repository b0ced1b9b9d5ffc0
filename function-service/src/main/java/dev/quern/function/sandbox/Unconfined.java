package dev.quern.function.sandbox;

import java.util.List;
import java.util.OptionalInt;

/// No confinement: only the resource limits that do not depend on a user of its own.
final class Unconfined implements Confinement {
    private final boolean groups;

    /// @param groups whether control groups bound memory
    Unconfined(boolean groups) {
        this.groups = groups;
    }

    @Override
    public String name() {
        return "none";
    }

    @Override
    public boolean confines() {
        return false;
    }

    @Override
    public List<String> wrap(SandboxView view, SandboxCommand command, OptionalInt uid) {
        return Limits.wrap(command, false, !groups && command.bounds().boundData());
    }
}
