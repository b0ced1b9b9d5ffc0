package dev.quern.client.flight;

import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/// The columns of a collection on Flight: `id` utf8, `text` utf8 nullable, `attributes` utf8 (a
/// JSON object), `vector` FixedSizeList of float32.
final class RowSchema {
    private RowSchema() {}

    static Schema of(int dims) {
        ArrowType text = ArrowType.Utf8.INSTANCE;
        Field item =
                Field.notNullable(
                        "item", new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
        return new Schema(
                List.of(
                        Field.notNullable("id", text),
                        Field.nullable("text", text),
                        Field.notNullable("attributes", text),
                        new Field(
                                "vector",
                                FieldType.notNullable(new ArrowType.FixedSizeList(dims)),
                                List.of(item))));
    }

    /// Writes `rows` as one batch.
    static void write(List<VectorRow> rows, int dims, VectorSchemaRoot root) {
        root.clear();
        VarCharVector id = (VarCharVector) root.getVector("id");
        VarCharVector text = (VarCharVector) root.getVector("text");
        VarCharVector attributes = (VarCharVector) root.getVector("attributes");
        FixedSizeListVector list = (FixedSizeListVector) root.getVector("vector");
        Float4Vector numbers = (Float4Vector) list.getDataVector();
        numbers.allocateNew(Math.multiplyExact(rows.size(), dims));
        for (int i = 0; i < rows.size(); i++) {
            VectorRow row = rows.get(i);
            requireDims(row, dims);
            id.setSafe(i, row.id().getBytes(StandardCharsets.UTF_8));
            if (row.text() == null) {
                text.setNull(i);
            } else {
                text.setSafe(i, row.text().getBytes(StandardCharsets.UTF_8));
            }
            attributes.setSafe(
                    i, FlightJson.write("attributes of row " + row.id(), row.attributes()));
            list.setNotNull(i);
            for (int d = 0; d < dims; d++) {
                numbers.set(i * dims + d, row.vector()[d]);
            }
        }
        numbers.setValueCount(rows.size() * dims);
        root.setRowCount(rows.size());
    }

    /// Reads row `index` of a batch.
    static VectorRow read(VectorSchemaRoot root, int index) {
        VarCharVector text = (VarCharVector) root.getVector("text");
        FixedSizeListVector list = (FixedSizeListVector) root.getVector("vector");
        int dims = list.getListSize();
        float[] vector = new float[dims];
        ArrowBuf numbers = list.getDataVector().getDataBuffer();
        for (int d = 0; d < dims; d++) {
            vector[d] = numbers.getFloat(((long) index * dims + d) * Float.BYTES);
        }
        return new VectorRow(
                string((VarCharVector) root.getVector("id"), index),
                text.isNull(index) ? null : string(text, index),
                FlightJson.object(
                        "attributes", ((VarCharVector) root.getVector("attributes")).get(index)),
                vector);
    }

    private static String string(VarCharVector column, int index) {
        return new String(column.get(index), StandardCharsets.UTF_8);
    }

    private static void requireDims(VectorRow row, int dims) {
        if (row.vector().length != dims) {
            throw QuernException.invalid(
                    "vector of row \""
                            + row.id()
                            + "\" must have "
                            + dims
                            + " dimensions, got "
                            + row.vector().length);
        }
    }
}
