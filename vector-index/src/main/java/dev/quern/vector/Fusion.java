package dev.quern.vector;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reciprocal rank fusion: a row's score is the sum of `1 / (k + rank)` over the rankings that have
/// it, ranks from 1.
final class Fusion {
    private Fusion() {}

    /// Fuses rankings.
    ///
    /// @param rankings each best first
    /// @return every row of any ranking, best first
    static List<Ranked> fuse(List<List<Ranked>> rankings, int k) {
        Map<Integer, Ranked> fused = new HashMap<>();
        for (List<Ranked> ranking : rankings) {
            for (int i = 0; i < ranking.size(); i++) {
                Ranked row = ranking.get(i);
                double share = 1.0 / (k + i + 1);
                fused.merge(
                        row.doc(),
                        new Ranked(row.doc(), row.id(), share),
                        (a, b) -> new Ranked(a.doc(), a.id(), a.score() + b.score()));
            }
        }
        List<Ranked> order = new ArrayList<>(fused.values());
        order.sort(Ranked.BEST_FIRST);
        return order;
    }
}
