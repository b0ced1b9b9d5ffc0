package dev.quern.flight;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.time.Duration;

/// Settings of the Flight server.
///
/// @param host address to listen on; default 127.0.0.1
/// @param port port to listen on; 0 picks a free one; default 7701
/// @param ticketLifetime how long after `GetFlightInfo` a ticket opens a stream, 1 second to 7
///   days; default 1 hour
/// @param maxMessageBytes largest message taken from a client, 1 MiB to 256 MiB; default 16 MiB
/// @param batchBytes largest batch of a `DoGet` stream, 4 KiB to 16 MiB; default 2 MiB
/// @param endpointBytes largest byte range of one endpoint of a file, at least `batchBytes`;
///   default 256 MiB
/// @param allocatorLimit bytes that all streams together may hold in Arrow buffers, mapped chunks
///   included; at least four messages; default 1 GiB
/// @param maxConcurrentStreams streams served at one time (`ListFlights`, `DoGet`, `DoPut`), 1 to
///   10,000; one more is answered `EXHAUSTED`; default 256
/// @param stallTimeout how long a stream waits for its client to read or to send before it ends, at
///   least 100 ms; default 5 minutes
/// @param drainTimeout how long closing waits for running streams before it ends them; default 10
///   seconds
/// @param selfTestDeadline how long the self-test waits for its stream; default 10 seconds
public record FlightConfig(
        String host,
        int port,
        Duration ticketLifetime,
        ByteSize maxMessageBytes,
        ByteSize batchBytes,
        ByteSize endpointBytes,
        ByteSize allocatorLimit,
        int maxConcurrentStreams,
        Duration stallTimeout,
        Duration drainTimeout,
        Duration selfTestDeadline) {
    /// Checks every setting.
    ///
    /// @throws QuernException `INVALID`, naming the setting, if one is out of its range
    public FlightConfig {
        require(!host.isBlank(), "host must not be blank");
        require(port >= 0 && port <= 65_535, "port must be 0 to 65535, got " + port);
        between("ticket lifetime", ticketLifetime, Duration.ofSeconds(1), Duration.ofDays(7));
        between("max message bytes", maxMessageBytes, mebibytes(1), mebibytes(256));
        between("batch bytes", batchBytes, ByteSize.ofKibibytes(4), mebibytes(16));
        between("endpoint bytes", endpointBytes, batchBytes, new ByteSize(Long.MAX_VALUE));
        between(
                "allocator limit",
                allocatorLimit,
                new ByteSize(4 * maxMessageBytes.bytes()),
                new ByteSize(Long.MAX_VALUE));
        require(
                maxConcurrentStreams >= 1 && maxConcurrentStreams <= 10_000,
                "max concurrent streams must be 1 to 10000, got " + maxConcurrentStreams);
        between("stall timeout", stallTimeout, Duration.ofMillis(100), Duration.ofDays(1));
        between("drain timeout", drainTimeout, Duration.ZERO, Duration.ofHours(1));
        between(
                "self-test deadline",
                selfTestDeadline,
                Duration.ofMillis(100),
                Duration.ofMinutes(5));
    }

    /// The defaults.
    public static FlightConfig defaults() {
        return new FlightConfig(
                "127.0.0.1",
                7701,
                Duration.ofHours(1),
                mebibytes(16),
                mebibytes(2),
                mebibytes(256),
                mebibytes(1024),
                256,
                Duration.ofMinutes(5),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10));
    }

    /// These settings at another address.
    public FlightConfig withAddress(String newHost, int newPort) {
        return new FlightConfig(
                newHost,
                newPort,
                ticketLifetime,
                maxMessageBytes,
                batchBytes,
                endpointBytes,
                allocatorLimit,
                maxConcurrentStreams,
                stallTimeout,
                drainTimeout,
                selfTestDeadline);
    }

    private static ByteSize mebibytes(long count) {
        return ByteSize.ofMebibytes(count);
    }

    private static <T extends Comparable<T>> void between(String what, T value, T low, T high) {
        require(
                value.compareTo(low) >= 0 && value.compareTo(high) <= 0,
                what + " must be " + low + " to " + high + ", got " + value);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw QuernException.invalid("flight " + message);
        }
    }
}
