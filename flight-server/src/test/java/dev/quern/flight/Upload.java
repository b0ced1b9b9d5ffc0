package dev.quern.flight;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/// A `DoPut` of a test.
final class Upload implements AutoCloseable {
    private final BufferAllocator allocator;
    private final VectorSchemaRoot root;
    private final Answers answers = new Answers();
    private final FlightClient.ClientStreamListener writer;

    Upload(Rig rig, Schema schema, List<String> path, CallOption... options) {
        this.allocator = rig.allocator;
        this.root = VectorSchemaRoot.create(schema, allocator);
        this.writer = rig.client.startPut(FlightDescriptor.path(path), root, answers, options);
    }

    /// Puts a file in batches of a size and gives the answers.
    static List<String> file(Rig rig, List<String> path, byte[] bytes, int batchBytes) {
        try (Upload upload = new Upload(rig, FlightSchemas.FILE, path, Rig.auth())) {
            for (int offset = 0; offset < bytes.length; offset += batchBytes) {
                int length = Math.min(batchBytes, bytes.length - offset);
                upload.sendData(offset, bytes, offset, length, null);
            }
            return upload.finish();
        }
    }

    /// Sends a batch of a file.
    void sendData(long fileOffset, byte[] bytes, int from, int length, @Nullable String json) {
        if (root.getVector("offset") instanceof BigIntVector offsets) {
            offsets.allocateNew(1);
            offsets.set(0, fileOffset);
        }
        VarBinaryVector data = (VarBinaryVector) root.getVector("data");
        data.allocateNew(length, 1);
        data.set(0, bytes, from, length);
        flush(1, json);
    }

    /// Sends a batch of rows; a null text or attributes is sent as null.
    void sendRows(List<TestRow> rows) {
        for (FieldVector column : root.getFieldVectors()) {
            column.allocateNew();
        }
        for (int i = 0; i < rows.size(); i++) {
            TestRow row = rows.get(i);
            set("id", i, row.id());
            set("text", i, row.text());
            set("attributes", i, row.attributes());
            FixedSizeListVector vectors = (FixedSizeListVector) root.getVector("vector");
            vectors.setNotNull(i);
            Float4Vector elements = (Float4Vector) vectors.getDataVector();
            for (int d = 0; d < row.vector().length; d++) {
                elements.setSafe(i * row.vector().length + d, row.vector()[d]);
            }
        }
        flush(rows.size(), null);
    }

    /// Changes the batch before it is sent.
    void send(int rows, Consumer<VectorSchemaRoot> fill) {
        send(rows, fill, null);
    }

    /// The same, with metadata.
    void send(int rows, Consumer<VectorSchemaRoot> fill, @Nullable String json) {
        fill.accept(root);
        flush(rows, json);
    }

    private void set(String column, int row, @Nullable String value) {
        if (root.getVector(column) instanceof VarCharVector strings && value != null) {
            strings.setSafe(row, value.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void flush(int rows, @Nullable String json) {
        root.setRowCount(rows);
        ArrowBuf metadata = null;
        if (json != null) {
            byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
            metadata = allocator.buffer(utf8.length);
            metadata.writeBytes(utf8);
        }
        writer.putNext(metadata);
        root.clear();
    }

    /// Ends the upload as if the client had died.
    void abandon() {
        writer.error(new IllegalStateException("client gives up"));
    }

    /// The answers that have come so far.
    List<String> answers() {
        return List.copyOf(answers.bodies);
    }

    /// Ends the upload and waits for the server.
    List<String> finish() {
        writer.completed();
        writer.getResult();
        return answers();
    }

    /// Waits for the server to end the upload.
    void awaitEnd() {
        writer.getResult();
    }

    @Override
    public void close() {
        root.close();
    }

    /// A row to send.
    record TestRow(
            String id, @Nullable String text, @Nullable String attributes, float... vector) {}

    private static final class Answers extends AsyncPutListener {
        private final List<String> bodies = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void onNext(PutResult result) {
            ArrowBuf metadata = result.getApplicationMetadata();
            byte[] utf8 = new byte[(int) metadata.readableBytes()];
            metadata.getBytes(0, utf8);
            bodies.add(new String(utf8, StandardCharsets.UTF_8));
        }
    }
}
