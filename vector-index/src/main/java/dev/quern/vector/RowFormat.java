package dev.quern.vector;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A row without its vector, in [WriteFormat] and, after a version byte, in Lucene's stored field.
///
/// | field | type |
/// |---|---|
/// | id | string: count of bytes, UTF-8 |
/// | has text | u8, 0 or 1 |
/// | text, if it has | string |
/// | attributes | count, then for each, in strictly ascending name order: |
/// | .. name | string |
/// | .. value | u8 type, then: 1 string; 2 long i64; 3 double f64; 4 boolean u8; 5 count, strings |
///
/// Scalars, [#writeScalar], have the same form in [FilterFormat].
final class RowFormat {
    private static final int STORED_VERSION = 1;
    private static final float[] NO_VECTOR = {};

    private RowFormat() {}

    static byte[] encodeStored(Row row) {
        FrameOutput out = new FrameOutput();
        out.u8(STORED_VERSION);
        write(out, row);
        return out.toBytes();
    }

    /// The row, its vector of length 0.
    static Row decodeStored(byte[] bytes) {
        FrameInput in = new FrameInput("stored row", bytes);
        in.version(STORED_VERSION);
        Row row = read(in, NO_VECTOR);
        in.end();
        return row;
    }

    static Row withVector(Row row, float[] vector) {
        return new Row(row.id(), row.text(), vector, row.attributes());
    }

    static void write(FrameOutput out, Row row) {
        out.utf8(row.id());
        out.u8(row.text().isPresent() ? 1 : 0);
        row.text().ifPresent(out::utf8);
        out.count(row.attributes().size());
        for (Map.Entry<String, Object> attribute : row.attributes().entrySet()) {
            out.utf8(attribute.getKey());
            if (attribute.getValue() instanceof List<?> strings) {
                out.u8(AttributeType.STRINGS.code());
                out.count(strings.size());
                strings.forEach(s -> out.utf8((String) s));
            } else {
                writeScalar(out, attribute.getValue());
            }
        }
    }

    static Row read(FrameInput in, float[] vector) {
        String id = in.utf8();
        Optional<String> text = in.flag() ? Optional.of(in.utf8()) : Optional.empty();
        TreeMap<String, Object> attributes = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            String name = in.utf8();
            if (!attributes.isEmpty() && attributes.lastKey().compareTo(name) >= 0) {
                throw in.corrupt("has attributes out of order");
            }
            attributes.put(name, readValue(in));
        }
        return new Row(id, text, vector, attributes);
    }

    private static Object readValue(FrameInput in) {
        int code = in.u8();
        if (code != AttributeType.STRINGS.code()) {
            return readScalar(in, code);
        }
        String[] strings = new String[in.count(1)];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = in.utf8();
        }
        return List.of(strings);
    }

    static void writeScalar(FrameOutput out, Object value) {
        AttributeType type = AttributeType.of(value);
        out.u8(type.code());
        switch (type) {
            case STRING -> out.utf8((String) value);
            case LONG -> out.i64((Long) value);
            case DOUBLE -> out.f64((Double) value);
            case BOOL -> out.u8((Boolean) value ? 1 : 0);
            case STRINGS -> throw new IllegalArgumentException("a list is not a scalar");
        }
    }

    static Object readScalar(FrameInput in) {
        return readScalar(in, in.u8());
    }

    private static Object readScalar(FrameInput in, int code) {
        return switch (AttributeType.find(code).orElseThrow(() -> unknown(in, code))) {
            case STRING -> in.utf8();
            case LONG -> in.i64();
            case DOUBLE -> in.f64();
            case BOOL -> in.flag();
            case STRINGS -> throw unknown(in, code);
        };
    }

    private static RuntimeException unknown(FrameInput in, int code) {
        return in.corrupt("has value type " + code);
    }
}
