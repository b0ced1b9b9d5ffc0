package dev.quern.function;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.function.sandbox.Bind;
import dev.quern.function.sandbox.SandboxCommand;
import java.nio.file.Path;
import java.util.List;

/// How one runtime starts its runner. Thread-safe.
interface RuntimeSetup {
    /// What to start and what to tell it first.
    ///
    /// @param command the runner in its sandbox
    /// @param load header of the first frame
    record Launch(SandboxCommand command, JsonNode load) {}

    /// How to start an instance.
    ///
    /// @param code the unpacked artifact: a directory or a jar
    /// @param mounts volumes
    /// @param confined whether binds take effect; else the runner sees this machine's paths
    /// @throws dev.quern.common.QuernException `UNAVAILABLE` if the runtime is not installed
    Launch launch(Deployment deployment, Path code, List<Bind> mounts, boolean confined);

    /// What the runtime itself needs to see, for the check of mount paths.
    List<Bind> binds();
}
