package dev.quern.embed;

import java.util.Optional;

/// A part of a file that is embedded and found as one.
///
/// @param line where it starts, 1 for the file's first line
/// @param heading the headings it stands under, outermost first, joined by ` > `
/// @param text its text as in the file, lines ended by `\n`, not blank
public record Passage(int line, Optional<String> heading, String text) {
    /// The text to embed: the headings, then the passage.
    public String embeddedText() {
        return heading.map(path -> path + "\n" + text).orElse(text);
    }
}
