package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Ticket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Streams over the real storage engine, whose mapped packs they send without a copy.
@SuppressWarnings({"try", "InterruptedExceptionSwallowed"}) // an interrupt fails the test
@Timeout(120)
class StreamingTest {
    private @TempDir Path directory;

    @SuppressWarnings("NullAway.Init") // every test opens one
    private Rig rig;

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void roundTripsABigFile() {
        open(FlightConfig.defaults().withAddress("127.0.0.1", 0));
        byte[] bytes = Rig.noise(32 << 20, 42);

        Upload.file(rig, List.of("volume", "docs", "big.bin"), bytes, 1 << 20);

        assertThat(rig.readFile(rig.info("volume", "docs", "big.bin"))).isEqualTo(bytes);
        awaitReleased();
    }

    @Test
    void servesManyAtOnce() throws Exception {
        open(Rig.SMALL);
        byte[] bytes = Rig.noise(3 << 20, 1);
        rig.put("docs", "a", bytes);
        try (ExecutorService readers =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("reader-", 0).factory())) {
            List<Future<byte[]>> reads = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                reads.add(readers.submit(() -> rig.readFile(rig.info("volume", "docs", "a"))));
            }
            for (Future<byte[]> read : reads) {
                assertThat(read.get()).isEqualTo(bytes);
            }
        }
        awaitReleased();
    }

    @Test
    void boundsTheNumberOfStreams() throws Exception {
        open(config(1, Duration.ofSeconds(60), Duration.ofSeconds(1)));
        Ticket ticket = putBig();
        try (FlightStream first = rig.client.getStream(ticket, Rig.auth())) {
            assertThat(first.next()).isTrue();

            FlightRuntimeException refused =
                    Rig.failure(() -> Rig.forEachBatch(rig.client, ticket, batch -> {}));

            assertThat(refused.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
            byte[] details = refused.status().metadata().getByte(FlightErrors.DETAILS_HEADER);
            assertThat(FlightJson.readObject("details", details)).containsKey("retry_after_ms");
        }
        awaitReleased();
        Rig.forEachBatch(rig.client, ticket, batch -> {});
    }

    @Test
    void cancellingReleases() throws Exception {
        open(config(8, Duration.ofSeconds(60), Duration.ofSeconds(1)));
        Ticket ticket = putBig();
        for (int i = 0; i < 10; i++) {
            try (FlightStream stream = rig.client.getStream(ticket, Rig.auth())) {
                assertThat(stream.next()).isTrue();
                stream.cancel("enough", null);
            }
        }
        awaitReleased();
    }

    @Test
    void holdsBackForASlowReader() throws Exception {
        open(config(8, Duration.ofSeconds(60), Duration.ofSeconds(1)));
        Ticket ticket = putBig();
        try (FlightStream stream = rig.client.getStream(ticket, Rig.auth())) {
            assertThat(stream.next()).isTrue();
            long most = 0;
            for (int i = 0; i < 20; i++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(25));
                most = Math.max(most, rig.server.allocatedBytes());
            }
            // Four batches of 64 KiB and the one that crossed the line, of a file of 16 MiB.
            assertThat(most).isBetween(1L, 512L << 10);
            int batches = 1;
            while (stream.next()) {
                batches++;
            }
            assertThat(batches).isGreaterThanOrEqualTo(256);
        }
        awaitReleased();
    }

    @Test
    void endsAReaderThatStalls() throws Exception {
        open(config(4, Duration.ofMillis(300), Duration.ofSeconds(1)));
        Ticket ticket = putBig();
        try (FlightStream stream = rig.client.getStream(ticket, Rig.auth())) {
            assertThat(stream.next()).isTrue();
            await(() -> rig.server.allocatedBytes() > 0);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_500));
            Rig.assertFails(
                    FlightStatusCode.UNAVAILABLE,
                    "read nothing for PT0.3S",
                    () -> {
                        while (stream.next()) {
                            stream.getRoot();
                        }
                    });
        }
        awaitReleased();
    }

    @Test
    void endsAnUploaderThatStalls() {
        open(config(4, Duration.ofMillis(300), Duration.ofSeconds(1)));
        try (Upload upload =
                new Upload(rig, FlightSchemas.FILE, List.of("volume", "docs", "a"), Rig.auth())) {
            upload.sendData(0, new byte[10], 0, 10, null);
            Rig.assertFails(
                    FlightStatusCode.UNAVAILABLE, "sent nothing for PT0.3S", upload::awaitEnd);
        }
    }

    @Test
    void refusesAnUploadWithoutSchema() {
        open(Rig.SMALL);
        FlightClient.ClientStreamListener writer =
                rig.client.startPut(
                        FlightDescriptor.path("volume", "docs", "a"),
                        new AsyncPutListener(),
                        Rig.auth());
        writer.completed();

        Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, "schema", writer::getResult);
    }

    @Test
    void drainsOnClose() throws Exception {
        open(config(4, Duration.ofSeconds(60), Duration.ofSeconds(60)));
        Ticket ticket = putBig();
        Thread closer = Thread.ofPlatform().name("closer").unstarted(rig.server::close);
        int received = 0;
        try (FlightStream stream = rig.client.getStream(ticket, Rig.auth())) {
            assertThat(stream.next()).isTrue();
            closer.start();
            await(() -> refusesCalls());
            do {
                received +=
                        stream.getRoot().getVector("data").getObject(0) instanceof byte[] b
                                ? b.length
                                : 0;
            } while (stream.next());
        }
        closer.join();

        assertThat(received).isEqualTo(16 << 20);
        assertThat(rig.server.allocatedBytes()).isZero();
    }

    @Test
    void closeEndsWhatDoesNotDrain() throws Exception {
        open(config(4, Duration.ofSeconds(60), Duration.ofMillis(200)));
        Ticket ticket = putBig();
        try (FlightStream stream = rig.client.getStream(ticket, Rig.auth());
                Upload upload =
                        new Upload(
                                rig,
                                FlightSchemas.FILE,
                                List.of("volume", "docs", "up"),
                                Rig.auth())) {
            assertThat(stream.next()).isTrue();
            upload.sendData(0, new byte[10], 0, 10, null);

            rig.server.close();

            assertThat(rig.server.allocatedBytes()).isZero();
            Rig.assertFails(FlightStatusCode.UNAVAILABLE, "", upload::awaitEnd);
        }
    }

    @Test
    void aTakenPortIsNamed() {
        open(Rig.SMALL);
        FlightConfig same = Rig.SMALL.withAddress("127.0.0.1", rig.server.port());

        assertThat(
                        catchThrowableOfType(
                                QuernException.class,
                                () -> QuernFlightServer.open(same, rig.services).close()))
                .hasMessageContaining("flight cannot listen on 127.0.0.1:" + rig.server.port());
    }

    private void open(FlightConfig config) {
        rig = new Rig(directory, config);
        rig.volumes.create(SpaceId.DEFAULT, "docs", false);
    }

    private static FlightConfig config(int streams, Duration stall, Duration drain) {
        return new FlightConfig(
                "127.0.0.1",
                0,
                Duration.ofMinutes(10),
                ByteSize.ofMebibytes(4),
                ByteSize.ofKibibytes(64),
                ByteSize.ofMebibytes(64),
                ByteSize.ofMebibytes(64),
                streams,
                stall,
                drain,
                Duration.ofSeconds(20));
    }

    /// A file that no set of buffers on the way holds whole, in one endpoint where there is room.
    private Ticket putBig() {
        rig.put("docs", "big", Rig.noise(16 << 20, 5));
        List<Ticket> tickets = Rig.tickets(rig.info("volume", "docs", "big"));
        return tickets.getFirst();
    }

    private boolean refusesCalls() {
        try (FlightClient other = rig.newClient()) {
            other.getInfo(FlightDescriptor.path("volume", "docs", "big"), Rig.auth());
            return false;
        } catch (FlightRuntimeException e) {
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// Every buffer comes back, though a moment after the client is done.
    private void awaitReleased() {
        await(() -> rig.server.allocatedBytes() == 0);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}
