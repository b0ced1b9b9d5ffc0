package dev.quern.flight;

import dev.quern.common.QuernException;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.Row;
import dev.quern.vector.RowTerms;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

/// Sends rows in batches bounded in rows and in bytes. Not thread-safe; its owner closes it.
/// Messages in flight outlive it.
final class RowSender implements AutoCloseable {
    /// The most rows of a batch.
    static final int MAX_ROWS = 4_096;

    /// Guesses at a row's text, and at its id and attributes with what their columns add.
    private static final int TEXT_BYTES = 64;

    private static final int OTHER_BYTES = 64;

    private final ServerStreamListener listener;
    private final CallGate gate;
    private final long maxBytes;

    /// Bytes of a row's vectors; a vector that a row lacks takes its bytes too.
    private final long vectorBytes;

    private final VectorSchemaRoot root;
    private final FieldVector ids;
    private final Map<String, VarCharVector> texts = new TreeMap<>();
    private final @Nullable VarCharVector attributes;
    private final List<AttributeColumn> attributeColumns = new ArrayList<>();
    private final List<VectorColumn> vectors;

    /// When rows expire, where that is sent.
    private final Optional<TimeStampMilliTZVector> expiries;

    private int rows;
    private long bytes;

    /// @param columns whether each attribute is a column of its own
    /// @param maxBytes a batch ends with the row that reaches this
    RowSender(
            BufferAllocator allocator,
            ServerStreamListener listener,
            CallGate gate,
            CollectionSchema collection,
            boolean columns,
            long maxBytes) {
        this.listener = listener;
        this.gate = gate;
        this.maxBytes = maxBytes;
        this.root = VectorSchemaRoot.create(FlightSchemas.rows(collection, columns), allocator);
        this.ids = root.getVector(FlightSchemas.ID);
        this.attributes = columns ? null : (VarCharVector) root.getVector(FlightSchemas.ATTRIBUTES);
        if (columns) {
            ColumnNames.attributes(collection)
                    .forEach((column, attribute) ->
                            attributeColumns.add(
                                    new AttributeColumn(
                                            attribute,
                                            collection.attributes().get(attribute)
                                                    == AttributeType.JSON,
                                            root.getVector(column))));
        }
        for (String text : collection.texts().keySet()) {
            texts.put(text, (VarCharVector) root.getVector(text));
        }
        this.vectors =
                collection.vectors().keySet().stream()
                        .map(name ->
                                new VectorColumn(name, (FixedSizeListVector) root.getVector(name)))
                        .toList();
        this.expiries =
                columns && ColumnNames.isTerm(RowTerms.EXPIRES_AT, collection)
                        ? Optional.of((TimeStampMilliTZVector) root.getVector(RowTerms.EXPIRES_AT))
                        : Optional.empty();
        this.vectorBytes = vectors.stream().mapToLong(VectorColumn::rowBytes).sum();
    }

    /// Rows to ask a cursor for at a time; as many as [#MAX_ROWS] and the bytes of a batch allow.
    int rowsPerBatch() {
        long rowBytes = vectorBytes + OTHER_BYTES + TEXT_BYTES * (long) texts.size();
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
        ids.setInitialCapacity(capacity);
        ids.allocateNew();
        texts.values()
                .forEach(column -> column.allocateNew(TEXT_BYTES * (long) capacity, capacity));
        if (attributes != null) {
            attributes.allocateNew(16L * capacity, capacity);
        }
        for (AttributeColumn column : attributeColumns) {
            column.values().setInitialCapacity(capacity);
            column.values().allocateNew();
        }
        expiries.ifPresent(column -> column.allocateNew(capacity));
        vectors.forEach(column -> column.allocate(capacity));
        rows = 0;
        bytes = 0;
    }

    private void append(Row row) {
        switch (ids) {
            case UInt8Vector numbers -> numbers.setSafe(rows, Long.parseUnsignedLong(row.id()));
            case VarCharVector strings -> set(strings, row.id().getBytes(StandardCharsets.UTF_8));
            default -> throw QuernException.internal("ids are " + ids.getClass(), null);
        }
        texts.forEach((name, column) -> {
            String text = row.texts().get(name);
            if (text != null) {
                set(column, text.getBytes(StandardCharsets.UTF_8));
            }
        });
        if (attributes != null) {
            set(attributes, FlightJson.write(row.attributes()));
        }
        for (AttributeColumn column : attributeColumns) {
            Object value = row.attributes().get(column.attribute());
            if (value != null) {
                bytes += column.set(rows, value);
            }
        }
        for (VectorColumn column : vectors) {
            float[] vector = row.vectors().get(column.name());
            if (vector != null) {
                column.set(rows, vector);
            }
        }
        expiries.ifPresent(
                column -> row.expires().ifPresent(at -> column.setSafe(rows, at.toEpochMilli())));
        bytes += vectorBytes;
        rows++;
    }

    private void set(VarCharVector column, byte[] utf8) {
        column.setSafe(rows, utf8);
        bytes += utf8.length;
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

    /// The column of a vector field. A row that is not set is null; its numbers are zeros.
    private record VectorColumn(String name, FixedSizeListVector lists) {
        long rowBytes() {
            return Float.BYTES * (long) lists.getListSize();
        }

        void allocate(int capacity) {
            lists.setInitialCapacity(capacity);
            lists.allocateNew();
            long elements = (long) capacity * lists.getListSize();
            lists.getDataVector()
                    .getValidityBuffer()
                    .setOne(0L, Math.ceilDiv(elements, (long) Byte.SIZE));
        }

        void set(int row, float[] vector) {
            if (vector.length != lists.getListSize()) {
                throw QuernException.internal(
                        "row has "
                                + vector.length
                                + " dims in field \""
                                + name
                                + "\" of "
                                + lists.getListSize(),
                        null);
            }
            lists.setNotNull(row);
            lists.getDataVector()
                    .getDataBuffer()
                    .nioBuffer(row * rowBytes(), (int) rowBytes())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .put(vector);
        }
    }
}
