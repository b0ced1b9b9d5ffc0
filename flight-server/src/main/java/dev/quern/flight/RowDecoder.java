package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.Row;
import dev.quern.vector.RowChange;
import dev.quern.vector.RowTerms;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

/// Reads rows out of a batch whose schema [FlightSchemas] and whose buffers [PutStream] has
/// checked.
final class RowDecoder {
    private final FieldVector ids;
    private final @Nullable FieldVector attributes;
    private final Map<String, FieldVector> attributeColumns = new TreeMap<>();
    private final Set<String> json = new HashSet<>();
    private final Map<String, FieldVector> texts = new TreeMap<>();
    private final Map<String, VectorColumn> vectors = new TreeMap<>();
    private final Map<String, FieldVector> terms = new HashMap<>();
    private final boolean vectorRequired;
    private final boolean patch;
    private final Instant now;
    private final Optional<Instant> expires;

    /// @param columns whether each attribute is a column of its own
    /// @param patch whether a null removes a field
    /// @param now from which times to live count
    /// @param expires when rows expire that do not say it
    RowDecoder(
            VectorSchemaRoot batch,
            CollectionSchema fields,
            boolean columns,
            boolean patch,
            Instant now,
            Optional<Instant> expires) {
        this.ids = batch.getVector(FlightSchemas.ID);
        this.attributes = columns ? null : batch.getVector(FlightSchemas.ATTRIBUTES);
        Map<String, String> named = ColumnNames.attributes(fields);
        for (FieldVector column : batch.getFieldVectors()) {
            String name = column.getName();
            if (fields.texts().containsKey(name)) {
                texts.put(name, column);
            } else if (fields.vectors().containsKey(name)) {
                vectors.put(name, VectorColumn.of((FixedSizeListVector) column));
            } else if (ColumnNames.isTerm(name, fields)) {
                terms.put(name, column);
            } else if (columns && !name.equals(FlightSchemas.ID)) {
                String attribute = named.getOrDefault(name, name);
                attributeColumns.put(attribute, column);
                if (fields.attributes().get(attribute) == AttributeType.JSON) {
                    json.add(attribute);
                }
            }
        }
        this.vectorRequired = !patch && FlightSchemas.isOnlyVector(fields);
        this.patch = patch;
        this.now = now;
        this.expires = expires;
    }

    /// Whether rows of the batch may be written under conditions.
    boolean hasConditions() {
        return terms.containsKey(RowTerms.IF_VERSION) || terms.containsKey(RowTerms.IF_ABSENT);
    }

    /// A row of the batch.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    RowChange row(int index) {
        Set<String> noTexts = new HashSet<>();
        Set<String> noVectors = new HashSet<>();
        Set<String> noAttributes = new HashSet<>();
        Row row =
                new Row(
                        in(index, () -> AttributeValues.id(ids, index)),
                        vectors(index, noVectors),
                        texts(index, noTexts),
                        attributeColumns.isEmpty()
                                ? attributes(index, noAttributes)
                                : columns(index, noAttributes));
        RowChange.Removed removed =
                patch
                        ? new RowChange.Removed(noVectors, noTexts, noAttributes)
                        : RowChange.Removed.NOTHING;
        return terms.isEmpty() && expires.isEmpty()
                ? new RowChange(row, removed, OptionalLong.empty())
                : terms(index).change(row, removed, now, expires);
    }

    private RowTerms terms(int index) {
        Object at = term(RowTerms.EXPIRES_AT, index);
        return new RowTerms(
                at == null ? null : at.toString(),
                (Long) term(RowTerms.TTL, index),
                (Long) term(RowTerms.IF_VERSION, index),
                (Boolean) term(RowTerms.IF_ABSENT, index));
    }

    private @Nullable Object term(String name, int index) {
        FieldVector column = terms.get(name);
        return column == null || column.isNull(index)
                ? null
                : in(index, () -> AttributeValues.find(column, index));
    }

    private Map<String, String> texts(int index, Set<String> missing) {
        Map<String, String> present = new TreeMap<>();
        texts.forEach((name, column) ->
                string(column, index)
                        .ifPresentOrElse(text -> present.put(name, text), () -> missing.add(name)));
        return present;
    }

    private Map<String, Object> columns(int index, Set<String> missing) {
        Map<String, Object> present = new TreeMap<>();
        attributeColumns.forEach((name, column) -> {
            Object value =
                    column.isNull(index) ? null : in(index, () -> value(name, column, index));
            if (value == null) {
                missing.add(name);
            } else {
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

    private Map<String, Object> attributes(int index, Set<String> missing) {
        Optional<String> object = string(attributes, index);
        if (object.isEmpty()) {
            return Map.of();
        }
        Map<String, Object> given =
                FlightJson.readObject(
                        "attributes of row " + index + " of the batch",
                        object.get().getBytes(StandardCharsets.UTF_8));
        if (!patch) {
            return given;
        }
        Map<String, Object> present = new TreeMap<>();
        given.forEach((name, value) -> {
            if (value == null) {
                missing.add(name);
            } else {
                present.put(name, value);
            }
        });
        return present;
    }

    private Map<String, float[]> vectors(int index, Set<String> missing) {
        Map<String, float[]> present = new TreeMap<>();
        vectors.forEach((name, column) -> {
            if (!column.lists().isNull(index)) {
                present.put(name, column.vector(index));
            } else if (vectorRequired) {
                throw invalid(index, name + " is null; expected " + column.dims() + " numbers");
            } else {
                missing.add(name);
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
                            throw QuernException.internal("column is a " + column.getClass(), null);
                };
        return Optional.of(new String(utf8, StandardCharsets.UTF_8));
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
