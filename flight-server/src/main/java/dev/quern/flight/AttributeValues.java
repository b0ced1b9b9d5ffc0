package dev.quern.flight;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.LargeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/// Values of columns that come: strings, whole numbers of any width, float32 and float64, booleans,
/// days, timestamps with a time zone, and lists of these.
final class AttributeValues {
    private AttributeValues() {}

    /// Whether a column can be an attribute's.
    static boolean isSupported(Field field) {
        return field.getDictionary() == null
                && switch (field.getType()) {
                    case ArrowType.List _, ArrowType.LargeList _ ->
                            isScalar(field.getChildren().getFirst());
                    default -> isScalar(field);
                };
    }

    private static boolean isScalar(Field field) {
        return field.getDictionary() == null
                && switch (field.getType()) {
                    case ArrowType.Utf8 _, ArrowType.LargeUtf8 _, ArrowType.Bool _ -> true;
                    case ArrowType.Int _ -> true;
                    case ArrowType.FloatingPoint number ->
                            switch (number.getPrecision()) {
                                case SINGLE, DOUBLE -> true;
                                case HALF -> false;
                            };
                    case ArrowType.Timestamp moment -> moment.getTimezone() != null;
                    case ArrowType.Date date ->
                            date.getUnit() == org.apache.arrow.vector.types.DateUnit.DAY;
                    default -> false;
                };
    }

    /// The value of a row; null if it has none.
    ///
    /// @throws QuernException `INVALID` for a number beyond 64 bits, and for null in a list
    static @Nullable Object find(FieldVector column, int index) {
        if (column.isNull(index)) {
            return null;
        }
        return switch (column) {
            case ListVector lists ->
                    list(
                            lists.getDataVector(),
                            lists.getElementStartIndex(index),
                            lists.getElementEndIndex(index));
            case LargeListVector lists ->
                    list(
                            lists.getDataVector(),
                            Math.toIntExact(lists.getElementStartIndex(index)),
                            Math.toIntExact(lists.getElementEndIndex(index)));
            default -> scalar(column, index);
        };
    }

    private static List<Object> list(FieldVector elements, int start, int end) {
        List<Object> values = new ArrayList<>(end - start);
        for (int i = start; i < end; i++) {
            if (elements.isNull(i)) {
                throw QuernException.invalid("a list holds null, which no attribute does");
            }
            values.add(scalar(elements, i));
        }
        return values;
    }

    private static Object scalar(FieldVector column, int index) {
        return switch (column) {
            case VarCharVector strings -> new String(strings.get(index), StandardCharsets.UTF_8);
            case LargeVarCharVector strings ->
                    new String(strings.get(index), StandardCharsets.UTF_8);
            case UInt8Vector numbers -> unsigned(numbers.get(index));
            case BaseIntVector numbers -> numbers.getValueAsLong(index);
            case Float4Vector numbers -> (double) numbers.get(index);
            case Float8Vector numbers -> numbers.get(index);
            case BitVector bits -> bits.get(index) != 0;
            case DateDayVector days -> Instant.EPOCH.plus(days.get(index), ChronoUnit.DAYS);
            case TimeStampVector moments -> moment(moments, index);
            default ->
                    throw QuernException.internal(
                            "column \""
                                    + Names.abbreviate(column.getName())
                                    + "\" is a "
                                    + column.getClass(),
                            null);
        };
    }

    private static Object unsigned(long value) {
        if (value < 0) {
            throw QuernException.invalid(
                    new BigInteger(Long.toUnsignedString(value))
                            + " is beyond the 64 bits with sign that an attribute has");
        }
        return value;
    }

    private static Instant moment(TimeStampVector moments, int index) {
        long value = moments.get(index);
        if (!(moments.getField().getType() instanceof ArrowType.Timestamp type)) {
            throw QuernException.internal("timestamps of " + moments.getField(), null);
        }
        return switch (type.getUnit()) {
            case SECOND -> Instant.ofEpochSecond(value);
            case MILLISECOND -> Instant.ofEpochMilli(value);
            case MICROSECOND ->
                    Instant.ofEpochMilli(Math.floorDiv(value, TimeUnit.MILLISECONDS.toMicros(1)));
            case NANOSECOND ->
                    Instant.ofEpochMilli(Math.floorDiv(value, TimeUnit.MILLISECONDS.toNanos(1)));
        };
    }

    /// The id of a row as text.
    ///
    /// @throws QuernException `INVALID` for null, and for a number below 0
    static String id(FieldVector column, int index) {
        if (column.isNull(index)) {
            throw QuernException.invalid("id is null; expected a string or a number");
        }
        return switch (column) {
            case VarCharVector strings -> new String(strings.get(index), StandardCharsets.UTF_8);
            case LargeVarCharVector strings ->
                    new String(strings.get(index), StandardCharsets.UTF_8);
            case UInt8Vector numbers -> Long.toUnsignedString(numbers.get(index));
            case BaseIntVector numbers -> Long.toString(numbers.getValueAsLong(index));
            default -> throw QuernException.internal("ids are " + column.getClass(), null);
        };
    }
}
