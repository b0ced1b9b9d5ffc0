package dev.quern.vector;

import java.util.Comparator;

/// A document of a searcher with its score in one ranking.
///
/// @param doc document number
/// @param id the row's id
record Ranked(int doc, String id, double score) {
    /// By descending score; equal ones by id, so that an order never depends on where segments lie.
    static final Comparator<Ranked> BEST_FIRST = Ranked::compareBest;

    private static int compareBest(Ranked a, Ranked b) {
        int byScore = Double.compare(b.score, a.score);
        return byScore == 0 ? a.id.compareTo(b.id) : byScore;
    }
}
