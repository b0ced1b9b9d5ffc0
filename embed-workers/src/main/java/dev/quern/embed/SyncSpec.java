package dev.quern.embed;

import java.util.Optional;

/// What to bring an index in step with.
///
/// The glob is matched against whole paths: `*` is any characters but `/`, `?` one of them, `**`
/// any characters, `**/` any directories or none (so `**/*.md` matches `README.md` too), `[a-z]`
/// and `[!a-z]` one character, `{md,txt}` one of several, and `\` takes the next character as it
/// is.
///
/// @param volume the volume's name
/// @param glob the files to index, 1 to 1,024 characters
/// @param at a commit; empty for the head of `main`
public record SyncSpec(String volume, String glob, Optional<String> at) {
    /// Every file at the head of `main`.
    public static SyncSpec of(String volume) {
        return new SyncSpec(volume, "**", Optional.empty());
    }
}
