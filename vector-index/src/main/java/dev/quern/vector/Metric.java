package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Locale;

/// How two vectors are compared, and what a dense score means.
public enum Metric {
    /// The cosine of the angle, -1 to 1. Rows are scaled to length 1 when written, so that is how
    /// they are read back; a zero vector is refused.
    COSINE,
    /// The inner product, any number.
    DOT,
    /// Minus the Euclidean distance, 0 or less.
    L2;

    /// Reads `cosine`, `dot` or `l2`.
    ///
    /// @throws QuernException `INVALID` for anything else
    public static Metric parse(String text) {
        for (Metric metric : values()) {
            if (metric.toString().equals(text)) {
                return metric;
            }
        }
        throw QuernException.invalid(
                "metric must be cosine, dot or l2, got \"" + Names.abbreviate(text) + "\"");
    }

    /// The name on the wire: `cosine`, `dot`, `l2`.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
