package dev.quern.embed;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.vector.Leg;
import dev.quern.vector.SearchOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A search whose queries may come as text.
///
/// @param legs 1 to 8
/// @param options what else is asked for
public record TextQuery(List<TextLeg> legs, SearchOptions options) {
    /// Copies the legs.
    public TextQuery {
        legs = List.copyOf(legs);
    }

    /// Both legs over the default fields, for a text.
    public static TextQuery of(String text, int limit) {
        return of(Mode.HYBRID, text, limit);
    }

    /// A search in the default fields, for a text.
    public static TextQuery of(Mode mode, String text, int limit) {
        return new TextQuery(
                legs(Optional.of(mode), Optional.of(text), Optional.empty(), false),
                SearchOptions.first(limit));
    }

    /// The legs of a mode, in the default fields.
    ///
    /// @param mode empty: `HYBRID` with a text, `DENSE` with a vector alone
    /// @param text searched for by words, and embedded for the dense leg when there is no vector
    /// @param vector for the dense leg
    /// @param exact dense leg by comparing every row rather than by the graph
    /// @throws QuernException `INVALID` if the mode lacks what it needs
    public static List<TextLeg> legs(
            Optional<Mode> mode, Optional<String> text, Optional<float[]> vector, boolean exact) {
        if (text.isEmpty() && vector.isEmpty()) {
            throw QuernException.invalid("a search needs a text or a vector, got neither");
        }
        Mode effective = mode.orElse(text.isPresent() ? Mode.HYBRID : Mode.DENSE);
        List<TextLeg> legs = new ArrayList<>();
        if (effective != Mode.BM25) {
            legs.add(new TextLeg.Dense(Optional.empty(), text, vector, exact, 0));
        }
        if (effective != Mode.DENSE) {
            String words =
                    text.orElseThrow(() ->
                            QuernException.invalid("a " + effective + " search needs a text"));
            legs.add(new TextLeg.Bm25(Map.of(), words, Leg.Syntax.PLAIN));
        }
        return legs;
    }

    /// What the legs amount to: for several of one kind it is that kind.
    public Mode mode() {
        boolean dense = legs.stream().anyMatch(TextLeg.Dense.class::isInstance);
        boolean words = legs.stream().anyMatch(TextLeg.Bm25.class::isInstance);
        return dense && words ? Mode.HYBRID : dense ? Mode.DENSE : Mode.BM25;
    }

    /// Which kinds of legs a search has.
    public enum Mode {
        /// By nearness of vectors.
        DENSE,
        /// By words.
        BM25,
        /// Both, fused.
        HYBRID;

        /// Reads `dense`, `bm25` or `hybrid`.
        ///
        /// @throws QuernException `INVALID` for anything else
        public static Mode parse(String name) {
            for (Mode mode : values()) {
                if (mode.toString().equals(name)) {
                    return mode;
                }
            }
            throw QuernException.invalid(
                    "mode must be dense, bm25 or hybrid, got \"" + Names.abbreviate(name) + "\"");
        }

        /// The name on the wire.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
