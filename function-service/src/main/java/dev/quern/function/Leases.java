package dev.quern.function;

import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Closes things in reverse order of opening.
final class Leases {
    private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

    private Leases() {}

    /// Closes all, last first; a failure is logged and does not keep the others open.
    // AutoCloseable may throw anything; Quern's own leases throw nothing checked.
    @SuppressWarnings("InterruptedExceptionSwallowed")
    static void close(Deque<AutoCloseable> leases) {
        while (!leases.isEmpty()) {
            try {
                leases.removeLast().close();
            } catch (Exception e) {
                LOG.warn("lease not given back", e);
            }
        }
    }
}
