package dev.quern.client.flight;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.StagedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.auth2.BearerCredentialWriter;
import org.apache.arrow.flight.grpc.CredentialCallOption;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/// A Flight connection to one Quern server. Thread-safe; close it after every cursor and transfer
/// has ended.
public final class QuernFlight implements AutoCloseable {
    private static final int FILE_BATCH_BYTES = 1 << 20;
    private static final byte[] NO_METADATA = {};
    private static final Schema FILE =
            new Schema(List.of(Field.notNullable("data", ArrowType.Binary.INSTANCE)));

    private final BufferAllocator allocator;
    private final FlightClient client;
    private final CredentialCallOption token;

    private QuernFlight(Location location, String token) {
        this.token = new CredentialCallOption(new BearerCredentialWriter(token));
        this.allocator = new RootAllocator();
        this.client = FlightClient.builder(allocator, location).build();
    }

    /// Connects.
    ///
    /// @param url such as `grpc://127.0.0.1:7701`, or `grpc+tls://...`
    /// @param token bearer token
    /// @throws QuernException `INVALID` if the URL is not one
    @MustBeClosed
    public static QuernFlight open(URI url, String token) {
        String scheme = String.valueOf(url.getScheme());
        if (url.getHost() == null || url.getPort() < 0 || !scheme.startsWith("grpc")) {
            throw QuernException.invalid(
                    "flight url must look like grpc://127.0.0.1:7701, got \"" + url + "\"");
        }
        Location location =
                scheme.equals("grpc+tls")
                        ? Location.forGrpcTls(url.getHost(), url.getPort())
                        : Location.forGrpcInsecure(url.getHost(), url.getPort());
        return new QuernFlight(location, token);
    }

    /// Copies a file into `out`, which stays open.
    ///
    /// @return bytes copied
    /// @throws IOException if writing to `out` failed
    public long getFile(FileRef file, OutputStream out) throws IOException {
        WritableByteChannel channel = Channels.newChannel(out);
        long copied = 0;
        for (FlightEndpoint endpoint : endpoints(file.descriptor())) {
            copied = copyStream(endpoint, copied, channel);
        }
        return copied;
    }

    private long copyStream(FlightEndpoint endpoint, long from, WritableByteChannel out)
            throws IOException {
        long copied = from;
        FlightStream stream = client.getStream(endpoint.getTicket(), token);
        try {
            while (stream.next()) {
                copied = copyBatch(stream.getRoot(), copied, out);
            }
            return copied;
        } catch (RuntimeException e) {
            throw FlightFailures.of(e);
        } finally {
            FlightFailures.close(stream);
        }
    }

    private static long copyBatch(VectorSchemaRoot batch, long copied, WritableByteChannel out)
            throws IOException {
        BigIntVector offsets = (BigIntVector) batch.getVector("offset");
        VarBinaryVector data = (VarBinaryVector) batch.getVector("data");
        long at = copied;
        for (int i = 0; i < batch.getRowCount(); i++) {
            if (offsets.get(i) != at) {
                throw new QuernException(
                        ErrorKind.CORRUPT,
                        "expected bytes at offset " + at + ", got " + offsets.get(i));
            }
            int start = data.getStartOffset(i);
            int length = data.getEndOffset(i) - start;
            ByteBuffer bytes = data.getDataBuffer().nioBuffer(start, length);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            at += length;
        }
        return at;
    }

    /// Writes a file and commits it at once, by itself.
    ///
    /// @param bytes read to its end, not closed
    /// @return what was stored, with its commit
    /// @throws IOException if reading failed; nothing is committed then
    public StagedFile putFile(FileRef file, InputStream bytes) throws IOException {
        AtomicBoolean first = new AtomicBoolean(true);
        try (VectorSchemaRoot root = VectorSchemaRoot.create(FILE, allocator)) {
            VarBinaryVector data = (VarBinaryVector) root.getVector("data");
            byte[] acknowledged =
                    put(
                            file.headDescriptor(),
                            root,
                            FlightJson.write(
                                    "metadata",
                                    Map.of("session", "java-" + UUID.randomUUID(), "commit", true)),
                            new PutAcks(_ -> {}),
                            () -> {
                                byte[] block = bytes.readNBytes(FILE_BATCH_BYTES);
                                root.clear();
                                data.setSafe(0, block);
                                root.setRowCount(1);
                                return first.getAndSet(false) || block.length > 0;
                            });
            return FlightJson.read(acknowledged, StagedFile.class);
        }
    }

    /// The rows of a collection, of one snapshot; the caller closes the cursor.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such collection
    @MustBeClosed
    public RowCursor rows(String collection) {
        return new RowCursor(
                client,
                token,
                endpoints(FlightDescriptor.path("collection", collection)).iterator());
    }

    /// The rows of a snapshot of a collection; the caller closes the cursor.
    ///
    /// @throws QuernException `NOT_FOUND` if there is none
    @MustBeClosed
    public RowCursor rows(String collection, String snapshot) {
        return new RowCursor(
                client,
                token,
                endpoints(FlightDescriptor.path("collection", collection, "at", snapshot))
                        .iterator());
    }

    /// Writes rows to a collection with the fields `text` and `vector`, as [#putRows(String,
    /// Iterator)] does, without asking the server for the fields.
    ///
    /// @param dims the collection's dimensions
    /// @return rows written
    public long putRows(String collection, int dims, Iterator<VectorRow> rows) {
        return putRows(collection, RowSchema.of(dims), rows);
    }

    /// Writes rows, replacing those of the same id, batch by batch; durable and visible to searches
    /// when it returns. After a failure the batches before it are written.
    ///
    /// @return rows written
    /// @throws QuernException `NOT_FOUND`; `INVALID` naming the row that does not fit the
    ///   collection's fields
    public long putRows(String collection, Iterator<VectorRow> rows) {
        try {
            FlightDescriptor descriptor = FlightDescriptor.path("collection", collection);
            return putRows(collection, client.getSchema(descriptor, token).getSchema(), rows);
        } catch (RuntimeException e) {
            throw FlightFailures.of(e);
        }
    }

    /// Writes rows by a mode and under conditions, batch by batch, each of them whole or not at
    /// all; durable and visible to searches when it returns. After a failure the batches before it
    /// are written.
    ///
    /// @return what was written and what the mode skipped
    /// @throws QuernException as the other; `CONFLICT` naming the first row of a batch whose
    ///   version is not the one expected
    public PutCount putRows(String collection, PutMode mode, Iterator<VectorRow> rows) {
        FlightDescriptor descriptor = FlightDescriptor.path("collection", collection);
        Map<String, Object> said = new HashMap<>(Map.of("mode", mode.mode()));
        if (mode.ttl() != null) {
            said.put("ttl", mode.ttl());
        }
        AtomicReference<PutCount> count = new AtomicReference<>(PutCount.NOTHING);
        try {
            Schema columns = client.getSchema(descriptor, token).getSchema();
            putRows(
                    collection,
                    RowSchema.putting(columns, mode.columns()),
                    FlightJson.write("metadata", said),
                    new PutAcks(answer ->
                            count.set(count.get().and(FlightJson.read(answer, PutCount.class)))),
                    rows);
            return count.get();
        } catch (RuntimeException e) {
            throw FlightFailures.of(e);
        }
    }

    private long putRows(String collection, Schema columns, Iterator<VectorRow> rows) {
        return putRows(collection, columns, NO_METADATA, new PutAcks(_ -> {}), rows);
    }

    private long putRows(
            String collection,
            Schema columns,
            byte[] metadata,
            PutAcks acks,
            Iterator<VectorRow> rows) {
        AtomicLong sent = new AtomicLong();
        try (VectorSchemaRoot root = VectorSchemaRoot.create(columns, allocator)) {
            put(
                    FlightDescriptor.path("collection", collection),
                    root,
                    metadata,
                    acks,
                    () -> {
                        int count = RowSchema.fill(root, rows);
                        sent.addAndGet(count);
                        return count > 0;
                    });
        } catch (IOException e) {
            throw QuernException.internal("rows do no input or output", e);
        }
        return sent.get();
    }

    /// Sends batches as fast as the stream takes them.
    ///
    /// @param metadata goes with the first batch; empty for none
    /// @return the last acknowledgement
    private byte[] put(
            FlightDescriptor descriptor,
            VectorSchemaRoot root,
            byte[] metadata,
            PutAcks acks,
            BatchSource source)
            throws IOException {
        try {
            FlightClient.ClientStreamListener stream =
                    client.startPut(descriptor, root, acks, token);
            try {
                byte[] unsent = metadata;
                while (source.fill()) {
                    acks.awaitReady(stream::isReady);
                    send(stream, unsent);
                    unsent = NO_METADATA;
                }
            } catch (IOException | RuntimeException e) {
                stream.error(e);
                throw e;
            }
            stream.completed();
            return acks.awaitEnd();
        } catch (RuntimeException e) {
            throw FlightFailures.of(e);
        }
    }

    private void send(FlightClient.ClientStreamListener stream, byte[] metadata) {
        if (metadata.length == 0) {
            stream.putNext();
            return;
        }
        ArrowBuf buffer = allocator.buffer(metadata.length);
        buffer.writeBytes(metadata);
        stream.putNext(buffer);
    }

    private Iterable<FlightEndpoint> endpoints(FlightDescriptor descriptor) {
        try {
            return client.getInfo(descriptor, token).getEndpoints();
        } catch (RuntimeException e) {
            throw FlightFailures.of(e);
        }
    }

    @Override
    public void close() {
        FlightFailures.close(client, allocator);
    }

    /// Fills the root with the next batch.
    private interface BatchSource {
        /// Returns false when there is none.
        boolean fill() throws IOException;
    }
}
