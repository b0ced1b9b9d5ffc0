package dev.quern.common.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A ranking by words.
///
/// @param text what to search for, plain text; or else
/// @param query with operators: words, `"phrases"`, `prefixes*`, `+required`, `-excluded`,
///   `field:word`
/// @param fields boost by text field, above 0 and at most 1,000; default every text field, with
///   boost 1
public record SearchBm25(
        @Nullable String text, @Nullable String query, @Nullable Map<String, Double> fields) {}
