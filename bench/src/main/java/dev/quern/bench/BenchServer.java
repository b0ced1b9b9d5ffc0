package dev.quern.bench;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.client.LocalServer;
import dev.quern.client.QuernClient;
import dev.quern.client.flight.QuernFlight;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A server on a new data directory under the checkout's `target`, so that it lies on the same disk
/// as the files it is compared with. Ended and deleted when closed.
final class BenchServer implements AutoCloseable {
    private final LocalServer server;
    private final Path data;

    private BenchServer(LocalServer server, Path data) {
        this.server = server;
        this.data = data;
    }

    @MustBeClosed
    static BenchServer start(Path checkout) {
        Path data = temporary(checkout);
        @SuppressWarnings("MustBeClosed") // closed with the object it goes into
        LocalServer server = LocalServer.start(launcher(), data, "--log-level", "warn");
        return new BenchServer(server, data);
    }

    static Path temporary(Path checkout) {
        try {
            Path target = Files.createDirectories(checkout.resolve("target"));
            return Files.createTempDirectory(target, "bench");
        } catch (IOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "no place for bench data: " + e, e);
        }
    }

    static String launcher() {
        return System.getProperty("quern.launcher", "quern");
    }

    @MustBeClosed
    QuernClient client() {
        return server.connect();
    }

    @MustBeClosed
    QuernFlight flight() {
        return QuernFlight.open(server.flightUrl(), server.token());
    }

    /// Bytes that its chunks and facts take on disk.
    long storedBytes() throws IOException {
        return ManyChunks.size(data.resolve("store"));
    }

    LocalServer process() {
        return server;
    }

    @Override
    public void close() {
        server.close();
        deleteTree(data);
    }

    static void deleteTree(Path root) {
        try (Stream<Path> tree = Files.walk(root)) {
            List<Path> files = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw QuernException.internal("cannot delete " + root, e);
        }
    }
}
