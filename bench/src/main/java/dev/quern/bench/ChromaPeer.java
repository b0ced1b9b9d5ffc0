package dev.quern.bench;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A Chroma server with the rows of a bench, on the servers' half of the processor, its graph with
/// the parameters that Chroma gives it. Ended when closed.
final class ChromaPeer implements AutoCloseable {
    static final String PACKAGE = "chromadb";
    static final String NAME = "chroma";

    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Process process;
    private final URI url;

    private ChromaPeer(Process process, URI url) {
        this.process = process;
        this.url = url;
    }

    @MustBeClosed
    static ChromaPeer start(BenchContext context, Cores cores, Path work) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path program = context.peers().python().resolveSibling("chroma");
        ProcessBuilder builder =
                new ProcessBuilder(
                        cores.serving(
                                List.of(
                                        program.toString(),
                                        "run",
                                        "--path",
                                        work.resolve("chroma").toString(),
                                        "--host",
                                        "127.0.0.1",
                                        "--port",
                                        Integer.toString(port))));
        builder.environment().put("ANONYMIZED_TELEMETRY", "False");
        Process process =
                builder.redirectErrorStream(true)
                        .redirectOutput(work.resolve("chroma.log").toFile())
                        .start();
        ChromaPeer peer = new ChromaPeer(process, URI.create("http://127.0.0.1:" + port));
        try {
            peer.awaitListening();
        } catch (RuntimeException e) {
            peer.close();
            throw e;
        }
        return peer;
    }

    private void awaitListening() {
        long end = System.nanoTime() + START_NANOS;
        while (true) {
            try (Socket socket = new Socket(url.getHost(), url.getPort())) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    throw new QuernException(
                            ErrorKind.UNAVAILABLE, "peer chroma does not listen", e);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    /// Adds the rows; the id of the collection.
    String fill(BenchContext context, AnnData data) {
        return context.peers()
                .run(
                        "chroma_fill",
                        Integer.toString(url.getPort()),
                        data.file().toString(),
                        Integer.toString(AnnData.DIMS),
                        Integer.toString(data.queries().length))
                .path("collection")
                .asText();
    }

    /// The process that serves.
    long processId() {
        return process.pid();
    }

    URI url() {
        return url;
    }

    /// A request for each query, for ids only.
    List<ByteBuffer> requests(AnnData data, String collection) {
        URI path =
                url.resolve(
                        "/api/v2/tenants/default_tenant/databases/default_database/collections/"
                                + collection
                                + "/query");
        return Arrays.stream(data.queries())
                .map(query ->
                        HttpLoad.post(
                                path,
                                "",
                                "{\"query_embeddings\":["
                                        + Arrays.toString(query)
                                        + "],\"n_results\":"
                                        + AnnData.K
                                        + ",\"include\":[]}"))
                .toList();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
