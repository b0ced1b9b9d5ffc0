package dev.quern.embed;

import java.util.Optional;

/// What to bring an index in step with.
///
/// @param volume the volume's name
/// @param glob the files to index; see [Glob]
/// @param at a commit; empty for the head of `main`
public record SyncSpec(String volume, String glob, Optional<String> at) {
    /// Every file at the head of `main`.
    public static SyncSpec of(String volume) {
        return new SyncSpec(volume, "**", Optional.empty());
    }
}
