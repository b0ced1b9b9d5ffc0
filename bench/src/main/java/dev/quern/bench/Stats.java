package dev.quern.bench;

import java.util.Arrays;

/// Order statistics of samples.
///
/// @param sorted ascending, not empty
record Stats(double[] sorted) {
    static Stats of(double[] samples) {
        double[] copy = samples.clone();
        Arrays.sort(copy);
        return new Stats(copy);
    }

    double median() {
        return quantile(0.5);
    }

    /// The smallest sample that a share `q` of all samples does not exceed.
    double quantile(double q) {
        int rank = (int) Math.ceil(q * sorted.length);
        return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
    }
}
