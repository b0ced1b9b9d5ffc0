package dev.quern.flight;

import dev.quern.common.QuernException;
import dev.quern.vector.AttributeType;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// An attribute as a column that is sent.
///
/// | attribute | column |
/// |---|---|
/// | string | utf8 |
/// | int64, float64, bool | int64, float64, bool |
/// | datetime | timestamp, milliseconds, UTC |
/// | list of one of these | list of it |
/// | json | utf8 that holds JSON |
///
/// @param attribute its name
/// @param json whether the values are written as JSON
/// @param values null where a row lacks it
record AttributeColumn(String attribute, boolean json, FieldVector values) {
    /// The column's field.
    static Field field(String column, AttributeType type) {
        Field item = Field.nullable("item", type(type));
        return switch (type) {
            case STRING, LONG, DOUBLE, BOOL, DATETIME, JSON ->
                    Field.nullable(column, item.getType());
            case STRINGS, LONGS, DOUBLES, BOOLS, DATETIMES ->
                    new Field(
                            column, FieldType.nullable(ArrowType.List.INSTANCE), List.of(item));
        };
    }

    /// The type of a value, or of the elements of a list.
    private static ArrowType type(AttributeType type) {
        return switch (type) {
            case STRING, STRINGS, JSON -> ArrowType.Utf8.INSTANCE;
            case LONG, LONGS -> new ArrowType.Int(Long.SIZE, true);
            case DOUBLE, DOUBLES -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
            case BOOL, BOOLS -> ArrowType.Bool.INSTANCE;
            case DATETIME, DATETIMES -> new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC");
        };
    }

    /// Sets a row's value.
    ///
    /// @return about its bytes
    long set(int row, Object value) {
        if (json) {
            return set(values, row, FlightJson.text(value));
        }
        if (value instanceof List<?> list && values instanceof ListVector lists) {
            int start = lists.startNewValue(row);
            long bytes = 0;
            for (int i = 0; i < list.size(); i++) {
                bytes += set(lists.getDataVector(), start + i, list.get(i));
            }
            lists.endValue(row, list.size());
            return bytes;
        }
        return set(values, row, value);
    }

    private static long set(FieldVector vector, int index, Object value) {
        switch (vector) {
            case VarCharVector strings when value instanceof String text -> {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                strings.setSafe(index, utf8);
                return utf8.length;
            }
            case BigIntVector whole when value instanceof Long number ->
                    whole.setSafe(index, number);
            case Float8Vector decimals when value instanceof Double number ->
                    decimals.setSafe(index, number);
            case BitVector bits when value instanceof Boolean bit ->
                    bits.setSafe(index, bit ? 1 : 0);
            case TimeStampMilliTZVector moments when value instanceof Instant moment ->
                    moments.setSafe(index, moment.toEpochMilli());
            default ->
                    throw QuernException.internal(
                            "a " + value.getClass() + " in a column of " + vector.getField(), null);
        }
        return Long.BYTES;
    }
}
