package dev.quern.client.flight;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.auth2.Auth2Constants;
import org.apache.arrow.flight.auth2.CallHeaderAuthenticator;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/// A Flight server that keeps files and rows in memory.
final class FakeFlight extends NoOpFlightProducer implements AutoCloseable {
    static final String TOKEN = "secret-token";
    private static final int BLOCK = 700_000;
    private static final Schema FILE =
            new Schema(
                    List.of(
                            Field.notNullable("offset", new ArrowType.Int(64, true)),
                            Field.notNullable("data", ArrowType.Binary.INSTANCE)));

    private final BufferAllocator allocator = new RootAllocator();
    private final FlightServer server;
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final List<VectorRow> rows = new ArrayList<>();
    private final List<String> put = new ArrayList<>();
    private volatile Schema columns = RowSchema.of(1);
    private volatile String metadata = "";
    private volatile long skew;
    private int batches;

    FakeFlight() throws IOException {
        server =
                FlightServer.builder(allocator, Location.forGrpcInsecure("127.0.0.1", 0), this)
                        .headerAuthenticator(FakeFlight::authenticate)
                        .build();
        server.start();
    }

    private static CallHeaderAuthenticator.AuthResult authenticate(
            org.apache.arrow.flight.CallHeaders headers) {
        String given = headers.get(Auth2Constants.AUTHORIZATION_HEADER);
        if (!("Bearer " + TOKEN).equals(given)) {
            throw CallStatus.UNAUTHENTICATED.withDescription("token").toRuntimeException();
        }
        return () -> "admin";
    }

    int port() {
        return server.getPort();
    }

    String metadata() {
        return metadata;
    }

    boolean hasFile(String path) {
        return files.containsKey(path);
    }

    void skewOffsets() {
        skew = 1;
    }

    /// The columns of every collection, until rows come with others.
    void hasColumns(Schema collection) {
        columns = collection;
    }

    /// The columns of the last rows that came.
    Schema columns() {
        return columns;
    }

    /// Batches of rows that came with a column of versions since the last [#reset], as text.
    synchronized List<String> put() {
        return List.copyOf(put);
    }

    /// Batches of rows that came since the last [#reset].
    synchronized int batches() {
        return batches;
    }

    synchronized void reset() {
        files.clear();
        rows.clear();
        put.clear();
        columns = RowSchema.of(1);
        batches = 0;
        skew = 0;
    }

    @Override
    public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
        List<String> path = descriptor.getPath();
        if (path.getLast().equals("busy")) {
            ErrorFlightMetadata trailers = new ErrorFlightMetadata();
            trailers.insert("quern-kind", "FENCED");
            trailers.insert(
                    "quern-details-bin", "{\"retry_after_ms\":5}".getBytes(StandardCharsets.UTF_8));
            throw CallStatus.ALREADY_EXISTS.withMetadata(trailers).toRuntimeException();
        }
        boolean isFile = path.getFirst().equals("volume");
        if (isFile && !files.containsKey(path.getLast())) {
            throw CallStatus.NOT_FOUND.withDescription("no file").toRuntimeException();
        }
        Ticket ticket = new Ticket(String.join("\n", path).getBytes(StandardCharsets.UTF_8));
        return new FlightInfo(
                isFile ? FILE : columns, descriptor, List.of(new FlightEndpoint(ticket)), -1, -1);
    }

    @Override
    public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
        List<String> path =
                List.of(new String(ticket.getBytes(), StandardCharsets.UTF_8).split("\n"));
        if (path.getFirst().equals("volume")) {
            sendFile(files.getOrDefault(path.getLast(), new byte[0]), listener);
        } else {
            sendRows(listener);
        }
    }

    private void sendFile(byte[] bytes, ServerStreamListener listener) {
        try (VectorSchemaRoot root = VectorSchemaRoot.create(FILE, allocator)) {
            listener.start(root);
            for (int at = 0; at < bytes.length; at += BLOCK) {
                int length = Math.min(BLOCK, bytes.length - at);
                root.clear();
                ((BigIntVector) root.getVector("offset")).setSafe(0, at + skew);
                ((VarBinaryVector) root.getVector("data")).setSafe(0, bytes, at, length);
                root.setRowCount(1);
                listener.putNext();
            }
            listener.completed();
        }
    }

    private synchronized void sendRows(ServerStreamListener listener) {
        try (VectorSchemaRoot root = VectorSchemaRoot.create(columns, allocator)) {
            listener.start(root);
            Iterator<VectorRow> left = rows.iterator();
            while (RowSchema.fill(root, left) > 0) {
                listener.putNext();
            }
            listener.completed();
        }
    }

    @Override
    public Runnable acceptPut(
            CallContext context, FlightStream stream, StreamListener<PutResult> acks) {
        return () -> {
            List<String> path = stream.getDescriptor().getPath();
            if (path.getFirst().equals("volume")) {
                acceptFile(path.getLast(), stream, acks);
            } else {
                acceptRows(path.getLast(), stream, acks);
            }
        };
    }

    private void acceptFile(String path, FlightStream stream, StreamListener<PutResult> acks) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (stream.next()) {
            ArrowBuf sent = stream.getLatestMetadata();
            if (sent != null) {
                byte[] json = new byte[(int) sent.readableBytes()];
                sent.getBytes(0, json);
                metadata = new String(json, StandardCharsets.UTF_8);
            }
            VarBinaryVector data = (VarBinaryVector) stream.getRoot().getVector("data");
            for (int i = 0; i < stream.getRoot().getRowCount(); i++) {
                bytes.writeBytes(data.get(i));
            }
        }
        files.put(path, bytes.toByteArray());
        acknowledge(
                acks,
                "{\"path\":\"a\",\"size_bytes\":"
                        + bytes.size()
                        + ",\"hash\":\"h\",\"new_bytes\":1}");
        acks.onCompleted();
    }

    private synchronized void acceptRows(
            String name, FlightStream stream, StreamListener<PutResult> acks) {
        if (name.equals("refused")) {
            acks.onError(CallStatus.INVALID_ARGUMENT.withDescription("dims").toRuntimeException());
            return;
        }
        // Only with rows: a stream that the client gave up may be looked at after a reset.
        while (stream.next()) {
            columns = stream.getSchema();
            batches++;
            if (stream.getRoot().getVector("if_version") != null) {
                put.add(stream.getRoot().contentToTSVString());
                acknowledge(acks, rowsAnswer(stream));
                continue;
            }
            for (int i = 0; i < stream.getRoot().getRowCount(); i++) {
                rows.add(RowSchema.read(stream.getRoot(), i));
            }
            acknowledge(acks, "{\"upserted\":1,\"token\":1}");
        }
        acks.onCompleted();
    }

    /// Where a mode came, one row less than there are was written. Keeps the metadata.
    private String rowsAnswer(FlightStream stream) {
        ArrowBuf sent = stream.getLatestMetadata();
        if (sent == null) {
            return "{\"upserted\":1,\"token\":1}";
        }
        byte[] json = new byte[(int) sent.readableBytes()];
        sent.getBytes(0, json);
        metadata = new String(json, StandardCharsets.UTF_8);
        return "{\"upserted\":%d,\"token\":%d,\"skipped\":1,\"skipped_ids\":[7]}"
                .formatted(stream.getRoot().getRowCount() - 1, batches);
    }

    private void acknowledge(StreamListener<PutResult> acks, String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        try (ArrowBuf buffer = allocator.buffer(bytes.length)) {
            buffer.writeBytes(bytes);
            acks.onNext(PutResult.metadata(buffer));
        }
    }

    @Override
    public void listFlights(
            CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
        listener.onCompleted();
    }

    @Override
    public void close() {
        FlightFailures.close(server);
        // What a cancelled stream had queued is released by the event loop, a little later.
        for (int i = 0; i < 500 && allocator.getAllocatedMemory() > 0; i++) {
            LockSupport.parkNanos(10_000_000);
        }
        FlightFailures.close(allocator);
    }
}
