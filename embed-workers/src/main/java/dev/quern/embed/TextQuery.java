package dev.quern.embed;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.vector.Filter;
import java.util.Locale;
import java.util.Optional;

/// A search by text, by vector or by both.
///
/// @param mode how; empty: `HYBRID` with a text, `DENSE` with a vector alone
/// @param text searched for by words, and embedded for the dense leg when there is no vector
/// @param vector for the dense leg
/// @param filter only rows that match
/// @param limit 1 to 1,000 hits
/// @param includeVector whether hits carry their vectors
/// @param exact dense leg by comparing every row rather than by the graph
public record TextQuery(
        Optional<Mode> mode,
        Optional<String> text,
        Optional<float[]> vector,
        Optional<Filter> filter,
        int limit,
        boolean includeVector,
        boolean exact) {
    /// Both legs, for a text.
    public static TextQuery of(String text, int limit) {
        return new TextQuery(
                Optional.empty(),
                Optional.of(text),
                Optional.empty(),
                Optional.empty(),
                limit,
                false,
                false);
    }

    /// The same search in one mode.
    public TextQuery in(Mode wanted) {
        return new TextQuery(
                Optional.of(wanted), text, vector, filter, limit, includeVector, exact);
    }

    /// What is run: the mode asked for, or the default.
    ///
    /// @throws QuernException `INVALID` if there is neither text nor vector
    public Mode effectiveMode() {
        if (text.isEmpty() && vector.isEmpty()) {
            throw QuernException.invalid("a search needs a text or a vector, got neither");
        }
        return mode.orElse(text.isPresent() ? Mode.HYBRID : Mode.DENSE);
    }

    /// Which legs a search has.
    public enum Mode {
        /// By nearness of vectors.
        DENSE,
        /// By words.
        BM25,
        /// Both, fused by reciprocal rank.
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
