package dev.quern.http;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;

/// Settings of the HTTP server.
///
/// @param host address to listen on
/// @param port 0 to 65,535; 0 takes any free one
/// @param maxJsonBytes largest JSON body; at most 1 GiB
/// @param maxBufferedBytes bodies held in memory at once, over all requests; beyond it `EXHAUSTED`
/// @param maxRequests requests served at once; beyond it `EXHAUSTED`
/// @param maxConnections open connections; a further one is closed at once
/// @param stallTimeout longest wait for the next bytes of a body, or for a client to take some
/// @param idleTimeout how long a connection without a request stays open
/// @param drainTimeout how long [HttpServer#close()] waits for requests in flight
public record HttpConfig(
        String host,
        int port,
        ByteSize maxJsonBytes,
        ByteSize maxBufferedBytes,
        int maxRequests,
        int maxConnections,
        Duration stallTimeout,
        Duration idleTimeout,
        Duration drainTimeout) {
    private static final ByteSize JSON_LIMIT = ByteSize.ofMebibytes(1024);

    /// Checks every setting.
    ///
    /// @throws QuernException `INVALID` naming the setting
    public HttpConfig {
        require(!host.isBlank(), "host must not be blank");
        require(port >= 0 && port <= 65_535, "port must be 0 to 65535, got " + port);
        require(
                maxJsonBytes.bytes() >= 1024 && maxJsonBytes.compareTo(JSON_LIMIT) <= 0,
                "max_json_bytes must be 1 KiB to 1 GiB, got " + maxJsonBytes);
        require(
                maxBufferedBytes.compareTo(maxJsonBytes) >= 0,
                "max_buffered_bytes must be at least max_json_bytes, got " + maxBufferedBytes);
        require(maxRequests >= 1, "max_requests must be 1 or more, got " + maxRequests);
        require(maxConnections >= 1, "max_connections must be 1 or more, got " + maxConnections);
        requirePositive("stall_timeout", stallTimeout);
        requirePositive("idle_timeout", idleTimeout);
        require(!drainTimeout.isNegative(), "drain_timeout must be 0 or more, got " + drainTimeout);
    }

    /// The defaults: JSON bodies of 64 MiB, 256 MiB of them at once, 1,024 requests, 4,096
    /// connections, 60 s stall, 75 s idle, 20 s drain.
    public static HttpConfig of(String host, int port) {
        return new HttpConfig(
                host,
                port,
                ByteSize.ofMebibytes(64),
                ByteSize.ofMebibytes(256),
                1024,
                4096,
                Duration.ofSeconds(60),
                Duration.ofSeconds(75),
                Duration.ofSeconds(20));
    }

    private static void requirePositive(String name, Duration value) {
        require(value.isPositive(), name + " must be more than 0, got " + value);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw QuernException.invalid("http: " + message);
        }
    }
}
