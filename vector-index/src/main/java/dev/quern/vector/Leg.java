package dev.quern.vector;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One ranking of a search.
public sealed interface Leg {
    /// By nearness to a vector; rows without a vector in the field are not in the ranking.
    ///
    /// @param field a vector field; by default [CollectionSchema#defaultVector]
    /// @param vector one finite number per dimension, not to be modified
    /// @param exact true: every matching row is compared; false: the planner decides between that
    ///   and the graph, which is faster and finds nearly all of the nearest
    /// @param width vertices that a walk of a fused graph considers, at most 65,536: more find more
    ///   and take longer; the limit where that is more; 0 for what was tuned for the field
    ///   ([TunedWidth]), or else for the planner's choice
    record Dense(Optional<String> field, float[] vector, boolean exact, int width) implements Leg {
        /// In the default field, of the planner's choice of width.
        public Dense(float[] vector, boolean exact) {
            this(Optional.empty(), vector, exact, 0);
        }
    }

    /// How a query by words is read.
    enum Syntax {
        /// All of it is text; rows should have its words.
        PLAIN,
        /// Words, `"phrases"` (`"near words"~3`) and `prefixes*`, of which rows should have some;
        /// those after `+` they must have, those after `-` they must not; `field:` before one
        /// limits it to a text field; a backslash makes the next character text. A prefix scores
        /// its field's boost, the others by BM25. Words are analysed, prefixes only put in lower
        /// case, so they are compared with stems.
        OPERATORS
    }

    /// By BM25 over the rows' text, analysed as each field is. A row's score is the sum over the
    /// fields of their boost times the field's own score.
    ///
    /// @param fields boost, above 0 and at most 1,000, by text field; none: every text field, with
    ///   boost 1
    /// @param query at most 64 KiB. Of plain text at most the first 400 distinct terms in a field
    ///   count, over several fields so many fewer; with operators more are refused
    /// @param syntax how the query is read
    record Bm25(Map<String, Double> fields, String query, Syntax syntax) implements Leg {
        /// Copies the map.
        public Bm25 {
            fields = Collections.unmodifiableMap(new TreeMap<>(fields));
        }

        /// Of plain text.
        public Bm25(Map<String, Double> fields, String query) {
            this(fields, query, Syntax.PLAIN);
        }

        /// Of plain text, over every text field.
        public Bm25(String query) {
            this(Map.of(), query);
        }
    }
}
