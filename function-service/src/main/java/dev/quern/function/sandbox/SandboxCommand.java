package dev.quern.function.sandbox;

import java.util.List;
import java.util.Map;

/// What to run in a sandbox.
///
/// @param arguments program and arguments, as seen inside
/// @param environment the whole environment, apart from a `PATH`
/// @param binds what it sees beside the system directories
/// @param bounds what it may use
public record SandboxCommand(
        List<String> arguments,
        Map<String, String> environment,
        List<Bind> binds,
        SandboxBounds bounds) {
    /// Copies the lists.
    public SandboxCommand {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
        binds = List.copyOf(binds);
    }
}
