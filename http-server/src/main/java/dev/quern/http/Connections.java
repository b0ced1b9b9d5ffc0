package dev.quern.http;

import io.vertx.core.http.HttpConnection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// The open connections: closes those beyond the bound and those that sit idle, which includes
/// those that never finish sending a request's head. Thread-safe.
final class Connections {
    private static final long BUSY = Long.MAX_VALUE;
    private static final Duration LINGER = Duration.ofSeconds(2);

    private final int maxConnections;
    private final long idleNanos;

    /// When each was last used, by [System#nanoTime]; [#BUSY] while it serves a request.
    private final Map<HttpConnection, AtomicLong> lastUsed = new ConcurrentHashMap<>();

    Connections(int maxConnections, Duration idleTimeout) {
        this.maxConnections = maxConnections;
        this.idleNanos = idleTimeout.toNanos();
    }

    /// On the connection's event loop, before its first request.
    void opened(HttpConnection connection) {
        if (lastUsed.size() >= maxConnections) {
            var _ = connection.close();
            return;
        }
        lastUsed.put(connection, new AtomicLong(System.nanoTime()));
        connection.closeHandler(_ -> lastUsed.remove(connection));
    }

    void begin(HttpConnection connection) {
        mark(connection, BUSY);
    }

    void end(HttpConnection connection) {
        mark(connection, System.nanoTime());
    }

    /// Nobody waits for what is on its way: the connection is closed if that takes as long as one
    /// may sit idle.
    void sending(HttpConnection connection) {
        mark(connection, System.nanoTime());
    }

    /// Closes the connection in [#LINGER], whatever comes on it until then.
    void linger(HttpConnection connection) {
        mark(connection, System.nanoTime() - idleNanos + LINGER.toNanos());
    }

    private void mark(HttpConnection connection, long value) {
        AtomicLong used = lastUsed.get(connection);
        if (used != null) {
            used.set(value);
        }
    }

    int count() {
        return lastUsed.size();
    }

    /// Closes the connections that have been idle for too long.
    void sweep() {
        long now = System.nanoTime();
        lastUsed.forEach((connection, used) -> {
            long at = used.get();
            if (at != BUSY && now - at > idleNanos) {
                var _ = connection.close();
            }
        });
    }
}
