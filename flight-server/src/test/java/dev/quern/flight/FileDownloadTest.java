package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.VolumePath;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Ticket;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDownloadTest {
    private final MemoryChunkStore chunks = new MemoryChunkStore();
    private @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.SMALL, chunks);
        rig.volumes.create(SpaceId.DEFAULT, "docs", false);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void sendsAFileInRanges() {
        byte[] bytes = Rig.noise((5 << 20) + 123, 1);
        rig.put("docs", "models/a.bin", bytes);

        FlightInfo info = rig.info("volume", "docs", "models/a.bin");

        assertThat(info.getBytes()).isEqualTo(bytes.length);
        assertThat(info.getOrdered()).isTrue();
        assertThat(info.getSchemaOptional()).contains(FlightSchemas.FILE);
        assertThat(info.getEndpoints()).hasSize(6);
        assertThat(rig.readFile(info)).isEqualTo(bytes);
    }

    @Test
    void sendsAnEmptyFile() {
        rig.put("docs", "empty", new byte[0]);

        FlightInfo info = rig.info("volume", "docs", "empty");

        assertThat(info.getBytes()).isZero();
        assertThat(info.getEndpoints()).hasSize(1);
        assertThat(rig.readFile(info)).isEmpty();
    }

    @Test
    void pinsTheHead() {
        rig.put("docs", "a", text("old"));
        FlightInfo info = rig.info("volume", "docs", "a");
        rig.put("docs", "a", text("new"));

        assertThat(rig.readFile(info)).isEqualTo(text("old"));
        assertThat(rig.readFile(rig.info("volume", "docs", "a"))).isEqualTo(text("new"));
    }

    @Test
    void readsAtACommit() {
        rig.put("docs", "a", text("old"));
        String commit = rig.volumes.get(SpaceId.DEFAULT, "docs").head().hex();
        rig.put("docs", "a", text("new"));

        FlightInfo info = rig.info("volume", "docs", commit, "a");

        assertThat(rig.readFile(info)).isEqualTo(text("old"));
        assertThat(info.getAppMetadata()).asString().contains(commit);
        assertThat(rig.readFile(rig.info("volume", "docs", "main", "a"))).isEqualTo(text("new"));
    }

    @Test
    void endpointsSayWhereAndHowLong() {
        rig.put("docs", "a", text("x"));

        var endpoint = rig.info("volume", "docs", "a").getEndpoints().getFirst();

        assertThat(endpoint.getLocations())
                .singleElement()
                .satisfies(at -> assertThat(at.getUri()).isEqualTo(rig.server.location()));
        // The Java client reads the time as seconds plus nanoseconds since the epoch, so doubled.
        long seconds = endpoint.getExpirationTime().orElseThrow().getEpochSecond() / 2;
        assertThat(seconds)
                .isCloseTo(Rig.START.plus(10, ChronoUnit.MINUTES).getEpochSecond(), within(1L));
    }

    @Test
    void listsByPrefix() {
        rig.volumes.create(SpaceId.DEFAULT, "docs2", false);
        rig.volumes.create(Rig.OTHER, "secret", false);
        rig.put("docs", "a/b/one.txt", text("1"));
        rig.put("docs", "a/bc/two.txt", text("2"));
        rig.put("docs", "three", text("3"));
        rig.put("docs2", "four", text("4"));

        assertThat(list("volume/"))
                .containsExactly(
                        "volume/docs/a/b/one.txt",
                        "volume/docs/a/bc/two.txt",
                        "volume/docs/three",
                        "volume/docs2/four");
        assertThat(list("volume/docs/")).hasSize(3);
        assertThat(list("volume/docs")).hasSize(4);
        assertThat(list("volume/docs/a/b"))
                .containsExactly("volume/docs/a/b/one.txt", "volume/docs/a/bc/two.txt");
        assertThat(list("volume/docs/a/b/")).containsExactly("volume/docs/a/b/one.txt");
        assertThat(list("volume/docs/a/b/one.txt")).containsExactly("volume/docs/a/b/one.txt");
        assertThat(list("volume/docs/none/")).isEmpty();
        assertThat(list("volume/docs/three/")).isEmpty();
        assertThat(list("volume/docs/../")).isEmpty();
        assertThat(list("volume/none/")).isEmpty();
        assertThat(list("nothing")).isEmpty();
    }

    @Test
    void listedTicketsOpenTheFile() {
        rig.put("docs", "a", text("body"));

        FlightInfo listed =
                rig.client.listFlights(criteria("volume/docs/a"), Rig.auth()).iterator().next();

        assertThat(rig.readFile(listed)).isEqualTo(text("body"));
    }

    @Test
    void listsMoreThanAPage() {
        for (int i = 0; i < 1_100; i++) {
            rig.volumes.put(
                    SpaceId.DEFAULT,
                    "docs",
                    "many",
                    new VolumePath("dir/file-" + i),
                    new ByteArrayInputStream(text("body " + i)));
        }
        rig.volumes.commit(SpaceId.DEFAULT, "docs", CommitRequest.of("many", "many"));

        assertThat(list("volume/docs/dir/file-")).hasSize(1_100).doesNotHaveDuplicates();
    }

    @Test
    void namesWhatIsNotThere() {
        rig.put("docs", "dir/a", text("x"));

        assertInfoFails(FlightStatusCode.NOT_FOUND, "nowhere", "volume", "nowhere", "a");
        assertInfoFails(FlightStatusCode.NOT_FOUND, "missing", "volume", "docs", "missing");
        assertInfoFails(FlightStatusCode.NOT_FOUND, "0000", "volume", "docs", "00".repeat(32), "a");
        assertInfoFails(FlightStatusCode.INVALID_ARGUMENT, "directory", "volume", "docs", "dir");
        assertInfoFails(FlightStatusCode.INVALID_ARGUMENT, "..", "volume", "docs", "../etc");
        assertInfoFails(FlightStatusCode.INVALID_ARGUMENT, "descriptor path", "volume", "docs");
        assertInfoFails(FlightStatusCode.INVALID_ARGUMENT, "descriptor path", "table", "docs");
        Rig.assertFails(
                FlightStatusCode.INVALID_ARGUMENT,
                "command",
                () -> rig.client.getInfo(FlightDescriptor.command(text("SELECT 1")), Rig.auth()));
    }

    @Test
    void everyVerbNeedsAToken() {
        rig.put("docs", "a", text("x"));
        FlightInfo info = rig.info("volume", "docs", "a");
        FlightDescriptor descriptor = FlightDescriptor.path("volume", "docs", "a");
        Ticket ticket = Rig.tickets(info).getFirst();
        HeaderCallOption wrong = Rig.bearer("wrong");

        assertDenied("missing", () -> rig.client.getInfo(descriptor));
        assertDenied("unknown", () -> rig.client.getInfo(descriptor, wrong));
        assertDenied("unknown", () -> rig.client.getSchema(descriptor, wrong));
        assertDenied("missing", () -> rig.client.listFlights(Criteria.ALL).iterator().next());
        assertDenied("missing", () -> rig.client.listActions().iterator().next());
        assertDenied("missing", () -> drain(ticket));
        assertDenied("unknown", () -> drain(ticket, wrong));
    }

    @Test
    void anotherSpaceSeesNothing() {
        rig.put("docs", "a", text("x"));
        Ticket ticket = Rig.tickets(rig.info("volume", "docs", "a")).getFirst();
        HeaderCallOption other = Rig.bearer("other-token");

        assertDenied("another space", () -> drain(ticket, other));
        Rig.assertFails(
                FlightStatusCode.NOT_FOUND,
                "docs",
                () -> rig.client.getInfo(FlightDescriptor.path("volume", "docs", "a"), other));
        assertThat(rig.client.listFlights(Criteria.ALL, other)).isEmpty();
    }

    @Test
    void refusesTamperedAndExpiredTickets() {
        rig.put("docs", "a", text("x"));
        byte[] good = Rig.tickets(rig.info("volume", "docs", "a")).getFirst().getBytes();
        byte[] tampered = good.clone();
        tampered[20] ^= 1;

        assertDenied("signature", () -> drain(new Ticket(tampered), Rig.auth()));
        Rig.assertFails(
                FlightStatusCode.INVALID_ARGUMENT,
                "bytes",
                () -> drain(new Ticket(text("volume/docs/a")), Rig.auth()));
        rig.now.set(Rig.START.plus(10, ChronoUnit.MINUTES));
        assertDenied("expired at", () -> drain(new Ticket(good), Rig.auth()));
    }

    @Test
    void aDeletedVolumeFailsItsTickets() {
        rig.put("docs", "a", text("x"));
        Ticket ticket = Rig.tickets(rig.info("volume", "docs", "a")).getFirst();
        rig.volumes.delete(SpaceId.DEFAULT, "docs");

        Rig.assertFails(FlightStatusCode.NOT_FOUND, "docs", () -> drain(ticket, Rig.auth()));
    }

    @Test
    void namesCorruption() {
        byte[] bytes = text("will rot");
        rig.put("docs", "a", bytes);
        Ticket ticket = Rig.tickets(rig.info("volume", "docs", "a")).getFirst();
        chunks.corrupt(SpaceId.DEFAULT, MemoryChunkStore.idOf(bytes));

        var failure = Rig.failure(() -> drain(ticket, Rig.auth()));

        assertThat(failure.status().code()).isEqualTo(FlightStatusCode.INTERNAL);
        assertThat(Rig.kind(failure)).contains(ErrorKind.CORRUPT.name());
        assertThat(failure).hasMessageContaining("checksum");
    }

    @Test
    void actionsAndExchangeAreUnimplemented() {
        assertThat(rig.client.listActions(Rig.auth())).isEmpty();
        Rig.assertFails(
                FlightStatusCode.UNIMPLEMENTED,
                "actions",
                () -> rig.client.doAction(new Action("x"), Rig.auth()).next());
    }

    private List<String> list(String prefix) {
        List<String> names = new ArrayList<>();
        StreamSupport.stream(
                        rig.client.listFlights(criteria(prefix), Rig.auth()).spliterator(), false)
                .forEach(info -> names.add(String.join("/", info.getDescriptor().getPath())));
        return names;
    }

    @SuppressWarnings({"try", "InterruptedExceptionSwallowed"}) // fails the test
    private void drain(Ticket ticket, HeaderCallOption... options) throws Exception {
        try (var stream = rig.client.getStream(ticket, options)) {
            while (stream.next()) {
                stream.getRoot();
            }
        }
    }

    private void assertInfoFails(FlightStatusCode code, String message, String... path) {
        Rig.assertFails(code, message, () -> rig.info(path));
    }

    private static void assertDenied(String message, ThrowingCallable call) {
        Rig.assertFails(FlightStatusCode.UNAUTHENTICATED, message, call);
    }

    private static Criteria criteria(String prefix) {
        return new Criteria(text(prefix));
    }

    private static byte[] text(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
