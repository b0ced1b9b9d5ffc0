package dev.quern.function.sandbox;

import java.nio.file.Path;

/// A file or directory of this machine that a sandbox sees, read-only.
///
/// @param source what is seen
/// @param target the absolute path at which it is seen
public record Bind(Path source, String target) {
    /// Something seen at its own path.
    public static Bind same(Path path) {
        return new Bind(path, path.toString());
    }
}
