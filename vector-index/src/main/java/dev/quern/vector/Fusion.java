package dev.quern.vector;

import java.util.List;

/// How the rankings of several legs become one.
public sealed interface Fusion {
    /// The default constant of [Rrf].
    int RRF_K = 60;

    /// Reciprocal rank fusion: a row's score is the sum over the legs of `weight / (k + rank)`,
    /// ranks from 1 (Cormack, Clarke and Buettcher, SIGIR 2009).
    ///
    /// @param k 1 to 10,000
    /// @param weights one per leg, above 0 and at most 1,000; none: 1 each
    record Rrf(int k, List<Double> weights) implements Fusion {
        /// Copies the list.
        public Rrf {
            weights = List.copyOf(weights);
        }
    }

    /// The sum over the legs of `weight` times the leg's score, scaled so that the best candidate
    /// of the leg has 1 and the last 0; candidates of equal scores have 1.
    ///
    /// @param weights one per leg, above 0 and at most 1,000; none: 1 each
    record Weighted(List<Double> weights) implements Fusion {
        /// Copies the list.
        public Weighted {
            weights = List.copyOf(weights);
        }
    }

    /// One weight per leg; none: 1 each.
    List<Double> weights();

    /// Reciprocal rank fusion with the default constant and equal weights.
    static Fusion byDefault() {
        return new Rrf(RRF_K, List.of());
    }
}
