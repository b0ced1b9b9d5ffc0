package dev.quern.embed;

import java.util.Optional;

/// A part of a file that is embedded and found as one.
///
/// @param line where it starts, 1 for the file's first line
/// @param heading the headings it stands under, outermost first, joined by ` > `; or its title
/// @param text what is stored and found by words; not blank
/// @param embedded what its vector is made of: the headings and the text
public record Passage(int line, Optional<String> heading, String text, String embedded) {}
