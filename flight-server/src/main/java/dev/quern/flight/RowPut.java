package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.IdType;
import dev.quern.vector.Row;
import dev.quern.vector.RowWrite;
import dev.quern.vector.WriteBatch;
import dev.quern.vector.WriteResult;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

/// Receives rows: each batch is durable and visible before it is acknowledged. A batch of at most
/// 10,000 rows is written in one atomic step, a longer one in several. Thread-safe.
final class RowPut {
    private static final int MAX_WRITE_ROWS = 10_000;

    private final CollectionService collections;

    RowPut(CollectionService collections) {
        this.collections = collections;
    }

    /// Receives batches to the end of the stream.
    ///
    /// @param acknowledge told of each batch after it is durable
    /// @throws QuernException `INVALID` naming the row, `NOT_FOUND`, `EXHAUSTED`; the batches
    ///   acknowledged before stay
    void receive(SpaceId space, Target.Rows target, PutStream batches, Consumer<Ack> acknowledge) {
        if (target.rows().at().isPresent()) {
            throw QuernException.invalid(
                    "rows cannot be put into a snapshot: the descriptor path must be [collection,"
                            + " COLLECTION]");
        }
        String collection = target.rows().name();
        CollectionSchema fields = collections.schema(space, collection);
        FlightSchemas.requireRows(batches.batch().getSchema(), fields, target.columns());
        boolean numbers =
                fields.idType().isEmpty() && FlightSchemas.hasNumbers(batches.batch().getSchema());
        while (batches.next()) {
            VectorSchemaRoot batch = batches.batch();
            int total = batch.getRowCount();
            long upserted = 0;
            long token = 0;
            for (int from = 0; from < total; from += MAX_WRITE_ROWS) {
                int count = Math.min(MAX_WRITE_ROWS, total - from);
                List<Row> rows = new Decoder(batch, fields, target.columns()).rows(from, count);
                WriteResult result =
                        numbers
                                ? collections.write(space, collection, deciding(rows))
                                : collections.write(space, collection, WriteBatch.upsert(rows));
                upserted += result.upserted();
                token = result.token();
            }
            if (total > 0) {
                acknowledge.accept(new Ack(upserted, token));
            }
        }
    }

    private static RowWrite deciding(List<Row> rows) {
        return RowWrite.of(RowWrite.Mode.UPSERT, rows).deciding(IdType.UINT64);
    }

    /// The answer to a batch; to several, when the client did not read the answers as they came.
    ///
    /// @param upserted rows written since the answer before
    /// @param token position of the last write in the log
    record Ack(long upserted, long token) {
        /// This answer and a later one in one.
        Ack and(Ack later) {
            return new Ack(upserted + later.upserted, later.token);
        }
    }

    /// Reads rows out of a batch whose schema [FlightSchemas] and whose buffers [PutStream] has
    /// checked.
    private static final class Decoder {
        private final FieldVector ids;
        private final @Nullable FieldVector attributes;
        private final Map<String, FieldVector> attributeColumns = new TreeMap<>();
        private final Set<String> json = new HashSet<>();
        private final Map<String, FieldVector> texts = new TreeMap<>();
        private final Map<String, VectorColumn> vectors = new TreeMap<>();
        private final boolean vectorRequired;

        Decoder(VectorSchemaRoot batch, CollectionSchema fields, boolean columns) {
            this.ids = batch.getVector(FlightSchemas.ID);
            this.attributes = columns ? null : batch.getVector(FlightSchemas.ATTRIBUTES);
            Map<String, String> named = ColumnNames.attributes(fields);
            for (FieldVector column : batch.getFieldVectors()) {
                String name = column.getName();
                if (fields.texts().containsKey(name)) {
                    texts.put(name, column);
                } else if (fields.vectors().containsKey(name)) {
                    vectors.put(name, VectorColumn.of((FixedSizeListVector) column));
                } else if (columns && !name.equals(FlightSchemas.ID)) {
                    String attribute = named.getOrDefault(name, name);
                    attributeColumns.put(attribute, column);
                    if (fields.attributes().get(attribute) == AttributeType.JSON) {
                        json.add(attribute);
                    }
                }
            }
            this.vectorRequired = FlightSchemas.isOnlyVector(fields);
        }

        List<Row> rows(int from, int count) {
            List<Row> rows = new ArrayList<>(count);
            for (int i = from; i < from + count; i++) {
                rows.add(row(i));
            }
            return rows;
        }

        private Row row(int index) {
            return new Row(
                    in(index, () -> AttributeValues.id(ids, index)),
                    vectors(index),
                    texts(index),
                    attributeColumns.isEmpty() ? attributes(index) : columns(index));
        }

        private Map<String, String> texts(int index) {
            Map<String, String> present = new TreeMap<>();
            texts.forEach((name, column) ->
                    string(column, index).ifPresent(text -> present.put(name, text)));
            return present;
        }

        private Map<String, Object> columns(int index) {
            Map<String, Object> present = new TreeMap<>();
            attributeColumns.forEach((name, column) -> {
                Object value =
                        column.isNull(index) ? null : in(index, () -> value(name, column, index));
                if (value != null) {
                    present.put(name, value);
                }
            });
            return present;
        }

        private @Nullable Object value(String name, FieldVector column, int index) {
            Object value = AttributeValues.find(column, index);
            return json.contains(name) && value instanceof String text
                    ? FlightJson.readValue("attribute \"" + name + "\"", text)
                    : value;
        }

        private static <T extends @Nullable Object> T in(int index, Supplier<T> reading) {
            try {
                return reading.get();
            } catch (QuernException e) {
                throw e.kind() == ErrorKind.INVALID
                        ? invalid(index, String.valueOf(e.getMessage()))
                        : e;
            }
        }

        private Map<String, Object> attributes(int index) {
            Optional<String> json = string(attributes, index);
            if (json.isEmpty()) {
                return Map.of();
            }
            return FlightJson.readObject(
                    "attributes of row " + index + " of the batch",
                    json.get().getBytes(StandardCharsets.UTF_8));
        }

        private Map<String, float[]> vectors(int index) {
            Map<String, float[]> present = new TreeMap<>();
            vectors.forEach((name, column) -> {
                if (!column.lists().isNull(index)) {
                    present.put(name, column.vector(index));
                } else if (vectorRequired) {
                    throw invalid(index, name + " is null; expected " + column.dims() + " numbers");
                }
            });
            return present;
        }

        private static Optional<String> string(@Nullable FieldVector column, int index) {
            if (column == null || column.isNull(index)) {
                return Optional.empty();
            }
            byte[] utf8 =
                    switch (column) {
                        case VarCharVector small -> small.get(index);
                        case LargeVarCharVector large -> large.get(index);
                        default ->
                                throw QuernException.internal(
                                        "column is a " + column.getClass(), null);
                    };
            return Optional.of(new String(utf8, StandardCharsets.UTF_8));
        }
    }

    /// The column of a vector field.
    ///
    /// @param nullElements whether any number of the column is null
    private record VectorColumn(
            FixedSizeListVector lists, Float4Vector elements, boolean nullElements) {
        static VectorColumn of(FixedSizeListVector lists) {
            Float4Vector elements = (Float4Vector) lists.getDataVector();
            return new VectorColumn(lists, elements, elements.getNullCount() > 0);
        }

        int dims() {
            return lists.getListSize();
        }

        /// The vector of a row that has one.
        float[] vector(int index) {
            long first = (long) index * dims();
            for (int i = 0; nullElements && i < dims(); i++) {
                if (elements.isNull((int) first + i)) {
                    throw invalid(index, lists.getName() + " is null at dimension " + i);
                }
            }
            float[] vector = new float[dims()];
            elements.getDataBuffer()
                    .nioBuffer(first * Float.BYTES, dims() * Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(vector);
            return vector;
        }
    }

    private static QuernException invalid(int index, String problem) {
        return QuernException.invalid("row " + index + " of the batch: " + problem);
    }
}
