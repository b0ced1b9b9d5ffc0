package dev.quern.embed;

import java.util.Map;
import java.util.Optional;

/// A row to write, with or without its vector.
///
/// @param id 1 to 512 bytes of UTF-8
/// @param text searched by words, and embedded when there is no vector
/// @param vector one number per dimension; empty: made from the text
/// @param attributes as in [dev.quern.vector.Row]
public record TextRow(
        String id,
        Optional<String> text,
        Optional<float[]> vector,
        Map<String, Object> attributes) {}
