package dev.quern.flight;

import dev.quern.common.QuernException;
import dev.quern.vector.Row;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/// Sends rows in batches bounded in rows and in bytes. Not thread-safe; its owner closes it.
/// Messages in flight outlive it.
final class RowSender implements AutoCloseable {
    /// The most rows of a batch.
    static final int MAX_ROWS = 4_096;

    private final ServerStreamListener listener;
    private final CallGate gate;
    private final int dims;
    private final long maxBytes;
    private final VectorSchemaRoot root;
    private final VarCharVector ids;
    private final VarCharVector texts;
    private final VarCharVector attributes;
    private final FixedSizeListVector vectors;
    private int rows;
    private long bytes;

    /// @param maxBytes a batch ends with the row that reaches this
    RowSender(
            BufferAllocator allocator,
            ServerStreamListener listener,
            CallGate gate,
            int dims,
            long maxBytes) {
        this.listener = listener;
        this.gate = gate;
        this.dims = dims;
        this.maxBytes = maxBytes;
        this.root = VectorSchemaRoot.create(FlightSchemas.rows(dims), allocator);
        this.ids = (VarCharVector) root.getVector(FlightSchemas.ID);
        this.texts = (VarCharVector) root.getVector(FlightSchemas.TEXT);
        this.attributes = (VarCharVector) root.getVector(FlightSchemas.ATTRIBUTES);
        this.vectors = (FixedSizeListVector) root.getVector(FlightSchemas.VECTOR);
    }

    /// Rows to ask a cursor for at a time.
    int rowsPerBatch() {
        long rowBytes = Float.BYTES * (long) dims + 128;
        return Math.clamp(maxBytes / rowBytes, 1, MAX_ROWS);
    }

    /// Sends the schema.
    void start() {
        listener.setUseZeroCopy(true);
        listener.start(root);
    }

    /// Sends rows, waiting for the client as needed. When it returns all are sent.
    void send(List<Row> batch) {
        int done = 0;
        while (done < batch.size()) {
            gate.awaitReady();
            allocate(Math.min(MAX_ROWS, batch.size() - done));
            while (done < batch.size() && rows < MAX_ROWS && bytes < maxBytes) {
                append(batch.get(done++));
            }
            flush();
        }
    }

    private void allocate(int capacity) {
        // Fresh buffers for every batch: those of the last one may still wait to be sent.
        ids.allocateNew(16L * capacity, capacity);
        texts.allocateNew(64L * capacity, capacity);
        attributes.allocateNew(16L * capacity, capacity);
        vectors.setInitialCapacity(capacity);
        vectors.allocateNew();
        Float4Vector elements = elements();
        elements.getValidityBuffer().setOne(0L, Math.ceilDiv((long) capacity * dims, Byte.SIZE));
        rows = 0;
        bytes = 0;
    }

    private void append(Row row) {
        if (row.vector().length != dims) {
            throw QuernException.internal(
                    "row has " + row.vector().length + " dims in a collection of " + dims, null);
        }
        set(ids, row.id());
        if (row.text().isPresent()) {
            set(texts, row.text().get());
        }
        byte[] json = FlightJson.write(row.attributes());
        attributes.setSafe(rows, json);
        bytes += json.length;
        vectors.setNotNull(rows);
        floats(elements(), rows).put(row.vector());
        bytes += Float.BYTES * (long) dims;
        rows++;
    }

    private void set(VarCharVector column, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        column.setSafe(rows, utf8);
        bytes += utf8.length;
    }

    private FloatBuffer floats(Float4Vector elements, int row) {
        long vectorBytes = Float.BYTES * (long) dims;
        return elements.getDataBuffer()
                .nioBuffer(row * vectorBytes, (int) vectorBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
    }

    private Float4Vector elements() {
        return (Float4Vector) vectors.getDataVector();
    }

    private void flush() {
        root.setRowCount(rows);
        listener.putNext();
        root.clear();
    }

    @Override
    public void close() {
        root.close();
    }
}
