package dev.quern.embed;

import dev.quern.vector.Leg;
import java.util.Map;
import java.util.Optional;

/// One ranking of a search, its query perhaps still a text to embed.
public sealed interface TextLeg {
    /// By nearness of vectors.
    ///
    /// @param field a vector field; empty: the collection's default
    /// @param text embedded by the field's model when there is no vector
    /// @param vector one number per dimension; empty: made from the text
    /// @param exact by comparing every row rather than by the graph
    /// @param width vertices that a walk of a graph considers; 0 for the planner's choice
    record Dense(
            Optional<String> field,
            Optional<String> text,
            Optional<float[]> vector,
            boolean exact,
            int width)
            implements TextLeg {}

    /// By words.
    ///
    /// @param fields boost by text field; none: every text field, with boost 1
    /// @param text what to search for
    /// @param syntax how the text is read
    record Bm25(Map<String, Double> fields, String text, Leg.Syntax syntax) implements TextLeg {}
}
