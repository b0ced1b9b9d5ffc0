package dev.quern.client.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/// The columns of a collection on Flight: `id` utf8, or uint64 where ids are that, a utf8 for each
/// text field, `attributes` utf8 (a JSON object), a FixedSizeList of float32 for each vector field;
/// null where a row lacks the field.
final class RowSchema {
    private static final int BATCH_BYTES = 4 << 20;
    private static final int BATCH_ROWS = 8_192;

    /// A guess at a row's bytes without its vectors.
    private static final int OTHER_BYTES = 64;

    private static final String ID = "id";
    private static final String ATTRIBUTES = "attributes";
    private static final String IF_VERSION = "if_version";

    private RowSchema() {}

    /// The columns of a collection with the fields `text` and `vector`.
    static Schema of(int dims) {
        ArrowType text = ArrowType.Utf8.INSTANCE;
        Field item =
                Field.notNullable(
                        "item", new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
        return new Schema(
                List.of(
                        Field.notNullable(ID, text),
                        Field.nullable("text", text),
                        Field.notNullable(ATTRIBUTES, text),
                        new Field(
                                "vector",
                                FieldType.notNullable(new ArrowType.FixedSizeList(dims)),
                                List.of(item))));
    }

    /// The columns of a put: `id` and those named, and one for the versions expected unless a field
    /// is called so.
    ///
    /// @param named none: all
    /// @throws QuernException `INVALID` for a name that is no column
    static Schema putting(Schema columns, Set<String> named) {
        List<Field> fields = new ArrayList<>();
        Set<String> unknown = new TreeSet<>(named);
        for (Field column : columns.getFields()) {
            unknown.remove(column.getName());
            if (named.isEmpty() || named.contains(column.getName()) || isId(column)) {
                fields.add(column);
            }
        }
        if (!unknown.isEmpty()) {
            throw QuernException.invalid(
                    "the collection has no column "
                            + unknown
                            + "; its columns are "
                            + names(columns));
        }
        if (fields.stream().noneMatch(column -> column.getName().equals(IF_VERSION))) {
            fields.add(Field.nullable(IF_VERSION, new ArrowType.Int(Long.SIZE, true)));
        }
        return new Schema(fields);
    }

    private static boolean isId(Field column) {
        return column.getName().equals(ID);
    }

    private static String names(Schema columns) {
        return columns.getFields().stream().map(Field::getName).collect(Collectors.joining(", "));
    }

    /// Writes the next rows as one batch of about 4 MiB at most.
    ///
    /// @return how many; 0 at the end
    /// @throws QuernException `INVALID` naming the row and the field that does not fit the columns
    static int fill(VectorSchemaRoot root, Iterator<VectorRow> rows) {
        int maxRows = Math.clamp(BATCH_BYTES / (vectorBytes(root) + OTHER_BYTES), 1, BATCH_ROWS);
        root.clear();
        for (FieldVector column : root.getFieldVectors()) {
            column.setInitialCapacity(maxRows);
            column.allocateNew();
        }
        int count = 0;
        long bytes = 0;
        while (count < maxRows && bytes < BATCH_BYTES && rows.hasNext()) {
            bytes += append(root, count++, rows.next());
        }
        root.setRowCount(count);
        return count;
    }

    private static long vectorBytes(VectorSchemaRoot root) {
        long bytes = 0;
        for (FieldVector column : root.getFieldVectors()) {
            if (column instanceof FixedSizeListVector lists) {
                bytes += (long) lists.getListSize() * Float.BYTES;
            }
        }
        return bytes;
    }

    private static long append(VectorSchemaRoot root, int index, VectorRow row) {
        for (String name : row.texts().keySet()) {
            boolean there = !isKey(name) && root.getVector(name) instanceof VarCharVector;
            requireField(there, "text", name, row, root);
        }
        for (String name : row.vectors().keySet()) {
            boolean there = root.getVector(name) instanceof FixedSizeListVector;
            requireField(there, "vector", name, row, root);
        }
        requireSaid(root, row);
        long bytes = 0;
        for (FieldVector column : root.getFieldVectors()) {
            bytes +=
                    switch (column) {
                        case BigIntVector versions when versions.getName().equals(IF_VERSION) ->
                                set(versions, index, row);
                        case VarCharVector strings -> set(strings, index, row);
                        case UInt8Vector ids when ids.getName().equals(ID) -> set(ids, index, row);
                        case FixedSizeListVector lists -> set(lists, index, row);
                        default -> throw unknown(column);
                    };
        }
        return bytes;
    }

    /// Whether a column is none of a field.
    private static boolean isKey(String column) {
        return column.equals(ID) || column.equals(ATTRIBUTES);
    }

    private static void requireField(
            boolean there, String what, String name, VectorRow row, VectorSchemaRoot root) {
        if (!there) {
            throw QuernException.invalid(
                    "row \""
                            + row.id()
                            + "\" has a "
                            + what
                            + " \""
                            + name
                            + "\", which is no "
                            + what
                            + " field of the collection; its columns are "
                            + names(root.getSchema()));
        }
    }

    /// Nothing that a row has may get lost because there is no column for it.
    private static void requireSaid(VectorSchemaRoot root, VectorRow row) {
        if (row.ifVersion() != null && !(root.getVector(IF_VERSION) instanceof BigIntVector)) {
            throw QuernException.invalid(
                    "row \"" + row.id() + "\" expects a version, which a put with a mode takes");
        }
        if (!row.attributes().isEmpty() && root.getVector(ATTRIBUTES) == null) {
            throw QuernException.invalid(
                    "row \"" + row.id() + "\" has attributes, which are not among the columns");
        }
    }

    private static long set(BigIntVector column, int index, VectorRow row) {
        Long version = row.ifVersion();
        if (version != null) {
            column.setSafe(index, version);
        }
        return Long.BYTES;
    }

    private static long set(VarCharVector column, int index, VectorRow row) {
        byte[] utf8 = utf8(column.getName(), row);
        if (utf8 == null) {
            return 0;
        }
        column.setSafe(index, utf8);
        return utf8.length;
    }

    private static long set(UInt8Vector ids, int index, VectorRow row) {
        try {
            ids.setSafe(index, Long.parseUnsignedLong(row.id()));
            return Long.BYTES;
        } catch (NumberFormatException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "the collection's ids are uint64, got row \"" + row.id() + "\"",
                    e);
        }
    }

    private static byte @Nullable [] utf8(String column, VectorRow row) {
        return switch (column) {
            case ID -> row.id().getBytes(StandardCharsets.UTF_8);
            case ATTRIBUTES -> FlightJson.write("attributes of row " + row.id(), row.attributes());
            default -> {
                String text = row.texts().get(column);
                yield text == null ? null : text.getBytes(StandardCharsets.UTF_8);
            }
        };
    }

    private static long set(FixedSizeListVector column, int index, VectorRow row) {
        int dims = column.getListSize();
        float[] vector = row.vectors().get(column.getName());
        if (vector != null && vector.length == dims) {
            column.setNotNull(index);
            Float4Vector numbers = (Float4Vector) column.getDataVector();
            for (int d = 0; d < dims; d++) {
                numbers.set(index * dims + d, vector[d]);
            }
        } else if (vector != null || !column.getField().isNullable()) {
            throw QuernException.invalid(
                    "vector \""
                            + column.getName()
                            + "\" of row \""
                            + row.id()
                            + "\" must have "
                            + dims
                            + " dimensions, got "
                            + (vector == null ? "none" : vector.length));
        }
        return (long) dims * Float.BYTES;
    }

    /// Reads row `index` of a batch.
    static VectorRow read(VectorSchemaRoot root, int index) {
        Map<String, String> texts = new HashMap<>();
        Map<String, float[]> vectors = new HashMap<>();
        for (FieldVector column : root.getFieldVectors()) {
            String name = column.getName();
            if (!isKey(name) && !column.isNull(index)) {
                switch (column) {
                    case VarCharVector strings -> texts.put(name, string(strings, index));
                    case FixedSizeListVector lists -> vectors.put(name, floats(lists, index));
                    default -> throw unknown(column);
                }
            }
        }
        return new VectorRow(
                id(root.getVector(ID), index),
                texts,
                FlightJson.object(
                        "attributes", ((VarCharVector) root.getVector(ATTRIBUTES)).get(index)),
                vectors);
    }

    private static String id(FieldVector ids, int index) {
        return switch (ids) {
            case VarCharVector strings -> string(strings, index);
            case UInt8Vector numbers -> Long.toUnsignedString(numbers.get(index));
            default -> throw unknown(ids);
        };
    }

    private static float[] floats(FixedSizeListVector lists, int index) {
        int dims = lists.getListSize();
        float[] vector = new float[dims];
        ArrowBuf numbers = lists.getDataVector().getDataBuffer();
        for (int d = 0; d < dims; d++) {
            vector[d] = numbers.getFloat(((long) index * dims + d) * Float.BYTES);
        }
        return vector;
    }

    private static String string(VarCharVector column, int index) {
        return new String(column.get(index), StandardCharsets.UTF_8);
    }

    private static QuernException unknown(FieldVector column) {
        return QuernException.internal(
                "column \""
                        + column.getName()
                        + "\" of the collection is "
                        + column.getField().getType()
                        + ", which this client does not know",
                null);
    }
}
