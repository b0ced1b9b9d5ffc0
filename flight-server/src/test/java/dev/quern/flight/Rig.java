package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.Authenticator;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import dev.quern.storage.MetaLog;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.Metric;
import dev.quern.vector.VectorField;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// A Flight server over real services in a directory, and a client of it. Closing it fails if
/// either allocator still holds a buffer, or the fake store an open lease.
@SuppressWarnings("MustBeClosedChecker") // the rig closes what it opens
final class Rig implements AutoCloseable {
    static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
    static final SpaceId OTHER = new SpaceId("other");

    /// The settings of most tests: short waits, small batches and endpoints.
    static final FlightConfig SMALL =
            new FlightConfig(
                    "127.0.0.1",
                    0,
                    Duration.ofMinutes(10),
                    ByteSize.ofMebibytes(4),
                    ByteSize.ofKibibytes(64),
                    ByteSize.ofMebibytes(1),
                    ByteSize.ofMebibytes(64),
                    8,
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(20));

    final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final Storage storage;
    final VolumeService volumes;
    final CollectionService collections;
    final FlightServices services;
    final QuernFlightServer server;
    final BufferAllocator allocator = new RootAllocator(512L << 20);
    final FlightClient client;

    /// Over the storage engine.
    Rig(Path directory, FlightConfig config) {
        this(directory, config, StorageEngine.open(StorageConfig.in(directory.resolve("data"))));
    }

    private Rig(Path directory, FlightConfig config, StorageEngine engine) {
        this(directory, config, engine.chunks(), engine.facts(), engine::close);
    }

    /// Over fakes that count leases and can be broken.
    Rig(Path directory, FlightConfig config, MemoryChunkStore chunks) {
        this(
                directory,
                config,
                chunks,
                new MemoryMetaLog(chunks),
                () -> assertThat(chunks.openLeases()).as("open leases").isZero());
    }

    private Rig(
            Path directory,
            FlightConfig config,
            ChunkStore chunks,
            MetaLog facts,
            Storage storage) {
        this.storage = storage;
        volumes =
                new VolumeService(
                        chunks,
                        facts,
                        now::get,
                        new Random(1),
                        new VolumeConfig(directory.resolve("views"), ByteSize.ofMebibytes(64)));
        collections =
                new CollectionService(
                        chunks,
                        facts,
                        now::get,
                        new Random(2),
                        CollectionConfig.defaults(directory.resolve("cache")));
        services =
                new FlightServices(
                        tokens(),
                        volumes,
                        collections,
                        now::get,
                        new Random(3),
                        "a key of at least thirty-two bytes".getBytes(StandardCharsets.UTF_8));
        server = QuernFlightServer.open(config, services);
        client = newClient();
    }

    @MustBeClosed
    FlightClient newClient() {
        return FlightClient.builder(allocator, new Location(server.location())).build();
    }

    /// The columns of a collection with the fields that it has when none are named.
    static Schema rows(int dims) {
        return FlightSchemas.rows(
                CollectionSchema.of(VectorField.of(dims, Metric.DOT, Optional.empty())), false);
    }

    /// The info of a path.
    FlightInfo info(String... path) {
        return client.getInfo(FlightDescriptor.path(path), auth());
    }

    /// The tickets of an info, in order.
    static List<Ticket> tickets(FlightInfo info) {
        return info.getEndpoints().stream().map(FlightEndpoint::getTicket).toList();
    }

    /// The bytes of a file, whose batches must follow each other without a gap.
    byte[] readFile(FlightInfo info) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Ticket ticket : tickets(info)) {
            forEachBatch(
                    client,
                    ticket,
                    batch -> {
                        BigIntVector offsets = (BigIntVector) batch.getVector("offset");
                        VarBinaryVector data = (VarBinaryVector) batch.getVector("data");
                        for (int row = 0; row < batch.getRowCount(); row++) {
                            assertThat(offsets.get(row)).isEqualTo(all.size());
                            all.writeBytes(data.get(row));
                        }
                    });
        }
        return all.toByteArray();
    }

    /// Gives every batch of a stream to a consumer.
    @SuppressWarnings("try") // an interrupt in a close fails the test
    static void forEachBatch(
            FlightClient client, Ticket ticket, Consumer<VectorSchemaRoot> consumer) {
        try (FlightStream stream = client.getStream(ticket, auth())) {
            while (stream.next()) {
                consumer.accept(stream.getRoot());
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /// The failure of a call, which must be one of Flight.
    static FlightRuntimeException failure(ThrowingCallable call) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown).isInstanceOf(FlightRuntimeException.class);
        return (FlightRuntimeException) thrown;
    }

    /// The kind that the trailers of a failed call carry.
    static Optional<String> kind(FlightRuntimeException failure) {
        ErrorFlightMetadata trailers = failure.status().metadata();
        return trailers != null && trailers.containsKey(FlightErrors.KIND_HEADER)
                ? Optional.of(
                        new String(
                                trailers.getByte(FlightErrors.KIND_HEADER),
                                StandardCharsets.US_ASCII))
                : Optional.empty();
    }

    /// Checks that a call fails, how, and that the message says what the caller needs.
    static void assertFails(FlightStatusCode code, String message, ThrowingCallable call) {
        FlightRuntimeException failure = failure(call);
        assertThat(failure.status().code()).as(failure.toString()).isEqualTo(code);
        assertThat(failure).hasMessageContaining(message);
    }

    /// Presents the token of space `default`.
    static HeaderCallOption auth() {
        return bearer("default-token");
    }

    /// Presents a token.
    static HeaderCallOption bearer(String token) {
        FlightCallHeaders headers = new FlightCallHeaders();
        headers.insert("authorization", "Bearer " + token);
        return new HeaderCallOption(headers);
    }

    /// Puts a file and commits it.
    void put(String volume, String path, byte[] bytes) {
        volumes.put(
                SpaceId.DEFAULT,
                volume,
                "rig",
                new VolumePath(path),
                new ByteArrayInputStream(bytes));
        volumes.commit(SpaceId.DEFAULT, volume, CommitRequest.of("rig", "put " + path));
    }

    /// Bytes that compress and repeat badly, so that they are cut into chunks of usual sizes.
    static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static Authenticator tokens() {
        return token ->
                switch (token) {
                    case "default-token" -> new Principal(SpaceId.DEFAULT, "admin");
                    case "other-token" -> new Principal(OTHER, "other");
                    case null ->
                            throw new QuernException(ErrorKind.DENIED, "bearer token is missing");
                    default ->
                            throw new QuernException(ErrorKind.DENIED, "bearer token is unknown");
                };
    }

    @Override
    public void close() {
        // In one statement, so that a leak in one place does not leave the next open.
        try (storage;
                volumes;
                collections;
                server;
                allocator) {
            client.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /// What lies below the services.
    private interface Storage extends AutoCloseable {
        @Override
        void close();
    }
}
