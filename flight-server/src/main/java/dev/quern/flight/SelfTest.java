package dev.quern.flight;

import dev.quern.common.Authenticator;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkLease;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.CallOptions;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.jspecify.annotations.Nullable;

/// One `DoGet` of the server against itself, over a socket and the same path as a file's bytes.
/// Arrow and Netty reach into the JDK; without the flags that let them, a server starts, its first
/// stream dies on a thread that tells nobody, and the client waits for ever. So the first client is
/// this one, and it has a deadline.
///
/// While it runs, and only then, a random token admits it to a space that holds nothing.
final class SelfTest {
    static final SpaceId SPACE = new SpaceId("self-test");

    private static final int LENGTH = 5 << 20;
    private static final Instant FOREVER = Instant.ofEpochMilli(Long.MAX_VALUE);
    private static final String FLAGS =
            "--add-opens=java.base/java.nio=ALL-UNNAMED --enable-native-access=ALL-UNNAMED"
                    + " --sun-misc-unsafe-memory-access=allow -Dio.netty.noUnsafe=false";

    private final AtomicReference<@Nullable String> token = new AtomicReference<>();

    /// The authenticator that knows the test's token too.
    Authenticator admitting(Authenticator next) {
        return presented -> {
            String expected = token.get();
            return expected != null && presented != null && same(expected, presented)
                    ? new Principal(SPACE, "self-test")
                    : next.authenticate(presented);
        };
    }

    /// Fetches the pattern and checks it.
    ///
    /// @throws QuernException `INTERNAL`, naming the flags, if it does not come whole in time
    void run(URI server, TicketFormat tickets, Duration deadline) {
        byte[] secret = new byte[32];
        // Admits to the server, so it must not be guessable: not from the injected source.
        new SecureRandom().nextBytes(secret);
        String bearer = HexFormat.of().formatHex(secret);
        Ticket ticket = new Ticket(tickets.seal(new Claim.SelfTest(SPACE, FOREVER, LENGTH)));
        token.set(bearer);
        FutureTask<Void> fetch =
                new FutureTask<>(() -> {
                    fetch(server, ticket, bearer, deadline);
                    return null;
                });
        // On a thread of its own: a JVM without the flags may block the client past its deadline.
        Thread client = Thread.ofPlatform().name("flight-self-test").daemon().start(fetch);
        try {
            fetch.get(deadline.toMillis() + 500, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw failed("got no whole answer within " + deadline, e);
        } catch (ExecutionException e) {
            throw failed("failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("was interrupted", e);
        } finally {
            token.set(null);
            client.interrupt();
        }
    }

    /// The pattern that the server sends, as a chunk.
    static ChunkLease pattern(int length) {
        Arena arena = Arena.ofShared();
        MemorySegment bytes = arena.allocate(length);
        for (int i = 0; i < length; i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, patternAt(i));
        }
        MemorySegment readOnly = bytes.asReadOnly();
        return new ChunkLease() {
            @Override
            public MemorySegment bytes() {
                return readOnly;
            }

            @Override
            public void close() {
                arena.close();
            }
        };
    }

    // Its thread ends with it, so an interrupt in a close is lost on nobody.
    @SuppressWarnings("try")
    private static void fetch(URI server, Ticket ticket, String bearer, Duration deadline)
            throws Exception {
        FlightCallHeaders headers = new FlightCallHeaders();
        headers.insert("authorization", "Bearer " + bearer);
        CallOption[] options = {
            new HeaderCallOption(headers),
            CallOptions.timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        };
        try (BufferAllocator allocator = new RootAllocator(64L << 20);
                FlightClient client =
                        FlightClient.builder(allocator, new Location(server)).build();
                FlightStream stream = client.getStream(ticket, options)) {
            long received = 0;
            while (stream.next()) {
                BigIntVector offsets =
                        (BigIntVector) stream.getRoot().getVector(FlightSchemas.OFFSET);
                VarBinaryVector data =
                        (VarBinaryVector) stream.getRoot().getVector(FlightSchemas.DATA);
                for (int row = 0; row < data.getValueCount(); row++) {
                    received += check(received, offsets.get(row), data.get(row));
                }
            }
            if (received != LENGTH) {
                throw new IllegalStateException(received + " of " + LENGTH + " bytes came");
            }
        }
    }

    private static int check(long expectedOffset, long offset, byte[] bytes) {
        if (offset != expectedOffset) {
            throw new IllegalStateException("offset " + offset + " after " + expectedOffset);
        }
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != patternAt(offset + i)) {
                throw new IllegalStateException("wrong byte at offset " + (offset + i));
            }
        }
        return bytes.length;
    }

    private static byte patternAt(long offset) {
        return (byte) (offset * 31 + (offset >>> 12));
    }

    private static boolean same(String expected, String actual) {
        return MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.UTF_8), actual.getBytes(StandardCharsets.UTF_8));
    }

    /// A failure that the lack of a flag explains best.
    static QuernException failed(String how, @Nullable Throwable cause) {
        return QuernException.internal(
                "flight self-test " + how + "; the JVM must be started with " + FLAGS, cause);
    }
}
