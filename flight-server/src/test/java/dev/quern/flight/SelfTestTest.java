package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.Authenticator;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumeService;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Ticket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelfTestTest {
    @TempDir Path directory;

    @Test
    void passesWithTheFlags() {
        try (Rig rig =
                new Rig(
                        directory,
                        FlightConfig.defaults().withAddress("127.0.0.1", 0),
                        new MemoryChunkStore())) {
            rig.server.selfTest();
            rig.server.selfTest();
        }
    }

    @Test
    void reachesAServerOnEveryAddress() {
        try (Rig rig =
                new Rig(
                        directory,
                        FlightConfig.defaults().withAddress("0.0.0.0", 0),
                        new MemoryChunkStore())) {
            rig.server.selfTest();
        }
    }

    @Test
    void itsTicketsAreRefusedToOthers() {
        try (Rig rig = new Rig(directory, Rig.SMALL, new MemoryChunkStore())) {
            TicketFormat format = new TicketFormat(rig.services.signingKey(), rig.now::get);
            Instant later = Rig.START.plusSeconds(60);
            Ticket ticket = new Ticket(format.seal(new Claim.SelfTest(SelfTest.SPACE, later, 10)));

            Rig.assertFails(
                    FlightStatusCode.UNAUTHENTICATED,
                    "another space",
                    () -> Rig.forEachBatch(rig.client, ticket, batch -> {}));
        }
    }

    @Test
    void admitsNobodyWhenItDoesNotRun() {
        Authenticator authenticator =
                new SelfTest()
                        .admitting(token -> {
                            throw new QuernException(ErrorKind.DENIED, "no such token");
                        });

        assertThatThrownBy(() -> authenticator.authenticate(null)).hasMessage("no such token");
        assertThatThrownBy(() -> authenticator.authenticate("")).hasMessage("no such token");
        Principal other = new Principal(SpaceId.DEFAULT, "admin");
        assertThat(new SelfTest().admitting(token -> other).authenticate("x")).isSameAs(other);
    }

    /// Without the flags the server must not come up as if all were well, and must not hang.
    @Test
    void namesTheFlagsWhenTheJvmLacksThem() throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx256m",
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                Main.class.getName(),
                                directory.toString())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).contains("--add-opens=java.base/java.nio=ALL-UNNAMED");
        assertThat(process.exitValue()).isEqualTo(3);
    }

    /// Opens a server, tests it, exits 0; or 3 if that fails.
    static final class Main {
        private Main() {}

        public static void main(String[] args) {
            FlightConfig quick =
                    new FlightConfig(
                            "127.0.0.1",
                            0,
                            Duration.ofMinutes(10),
                            Rig.SMALL.maxMessageBytes(),
                            Rig.SMALL.batchBytes(),
                            Rig.SMALL.endpointBytes(),
                            Rig.SMALL.allocatorLimit(),
                            8,
                            Duration.ofSeconds(5),
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(5));
            MemoryChunkStore chunks = new MemoryChunkStore();
            MemoryMetaLog facts = new MemoryMetaLog(chunks);
            Path directory = Path.of(args[0]);
            VolumeConfig volumeConfig =
                    new VolumeConfig(directory.resolve("views"), ByteSize.ofMebibytes(1));
            CollectionConfig collectionConfig =
                    CollectionConfig.defaults(directory.resolve("cache"));
            try (VolumeService volumes =
                            new VolumeService(
                                    chunks,
                                    facts,
                                    InstantSource.system(),
                                    new Random(1),
                                    volumeConfig);
                    CollectionService collections =
                            new CollectionService(
                                    chunks,
                                    facts,
                                    InstantSource.system(),
                                    new Random(2),
                                    collectionConfig);
                    QuernFlightServer server =
                            QuernFlightServer.open(
                                    quick,
                                    new FlightServices(
                                            token -> new Principal(SpaceId.DEFAULT, "any"),
                                            volumes,
                                            collections,
                                            InstantSource.system(),
                                            new Random(3),
                                            new byte[32]))) {
                server.selfTest();
            } catch (QuernException e) {
                System.out.println(e);
                Runtime.getRuntime().halt(3);
            }
        }
    }
}
