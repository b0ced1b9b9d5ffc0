package dev.quern.vector;

import dev.quern.common.QuernException;
import java.time.Duration;

/// Which writes a read must show. Without writes in between all are the same, and cost the same.
public sealed interface Consistency {
    /// The most that an eventual read is behind: writes acknowledged longer ago show.
    Duration MAX_BEHIND = Duration.ofSeconds(1);

    /// Every write acknowledged before the read; the first read after a write pays for making it
    /// visible.
    record Strong() implements Consistency {}

    /// What is visible already, but for writes acknowledged more than [#MAX_BEHIND] ago, which show
    /// in any case.
    record Eventual() implements Consistency {}

    /// Every write with this token or a smaller one.
    ///
    /// @param token of a write in the space, 0 or more
    record AtLeast(long token) implements Consistency {
        /// Checks the value.
        public AtLeast {
            if (token < 0) {
                throw QuernException.invalid("'at_least' must be a write's token, got " + token);
            }
        }
    }

    /// The default.
    static Consistency strong() {
        return new Strong();
    }
}
