package dev.quern.flight;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Keeps what clients do out of the server's log: gRPC writes a warning with a stack trace, by
/// `java.util.logging`, for every stream that a client cancels and every message over the bound.
final class TransportLog {
    // Held here, because java.util.logging forgets the level of a logger that nobody holds.
    private static final List<Logger> NOISY =
            List.of(
                    Logger.getLogger("io.grpc.netty.NettyServerHandler"),
                    Logger.getLogger("io.grpc.netty.NettyServerStream"));

    private TransportLog() {}

    /// Leaves only what is severe, unless the operator has set a level.
    static void quiet() {
        for (Logger logger : NOISY) {
            if (logger.getLevel() == null) {
                logger.setLevel(Level.SEVERE);
            }
        }
    }
}
