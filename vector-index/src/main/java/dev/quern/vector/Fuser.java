package dev.quern.vector;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes one ranking of several, as a [Fusion] says.
final class Fuser {
    private final Fusion fusion;

    Fuser(Fusion fusion) {
        this.fusion = fusion;
    }

    /// Fuses rankings.
    ///
    /// @param rankings each best first
    /// @return every row of any ranking, best first
    List<Ranked> fuse(List<List<Ranked>> rankings) {
        Map<Integer, Ranked> fused = new HashMap<>();
        for (int leg = 0; leg < rankings.size(); leg++) {
            List<Ranked> ranking = rankings.get(leg);
            double weight = fusion.weights().isEmpty() ? 1 : fusion.weights().get(leg);
            for (int i = 0; i < ranking.size(); i++) {
                Ranked row = ranking.get(i);
                double share = weight * share(ranking, i);
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

    private double share(List<Ranked> ranking, int i) {
        return switch (fusion) {
            case Fusion.Rrf(int k, _) -> 1.0 / (k + i + 1);
            case Fusion.Weighted _ -> {
                double best = ranking.getFirst().score();
                double worst = ranking.getLast().score();
                yield best > worst ? (ranking.get(i).score() - worst) / (best - worst) : 1;
            }
        };
    }
}
