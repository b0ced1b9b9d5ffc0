package dev.quern.vector;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A row without its vectors, in [WriteFormat] and, after a version byte, in Lucene's stored field.
///
/// | field | type |
/// |---|---|
/// | id | string: count of bytes, UTF-8 |
/// | texts | count, then for each, in strictly ascending name order: name string, text string |
/// | attributes | count, then for each, in strictly ascending name order: |
/// | .. name | string |
/// | .. value | u8 type, then as below |
///
/// | type | value |
/// |---|---|
/// | 1 string | string |
/// | 2 int64 | i64 |
/// | 3 float64 | f64 |
/// | 4 bool | u8, 0 or 1 |
/// | 5 list of strings | count, strings |
/// | 6 datetime | i64, milliseconds since 1970 |
/// | 7 list | count, values |
/// | 8 object | count, then for each, in strictly ascending order: name string, value |
/// | 9 null | nothing; within lists and objects only |
///
/// Lists and objects nest at most 32 deep. Scalars, [#writeScalar], types 1 to 4, have the same
/// form in [FilterFormat]. Version 2; in version 1 a row had one text (u8 0 or 1, then, if 1, the
/// string) in the place of `texts`, and types 1 to 5 only.
final class RowFormat {
    static final int VERSION = 2;

    private static final int STRINGS = 5;
    private static final int DATETIME = 6;
    private static final int LIST = 7;
    private static final int OBJECT = 8;
    private static final int NULL = 9;
    private static final int MAX_DEPTH = 32;

    private RowFormat() {}

    static byte[] encodeStored(Row row) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        write(out, row);
        return out.toBytes();
    }

    /// The row without vectors.
    static Row decodeStored(byte[] bytes) {
        FrameInput in = new FrameInput("stored row", bytes);
        Row row = read(in, in.version(1, VERSION));
        in.end();
        return row;
    }

    static void write(FrameOutput out, Row row) {
        out.utf8(row.id());
        out.count(row.texts().size());
        row.texts()
                .forEach((name, text) -> {
                    out.utf8(name);
                    out.utf8(text);
                });
        writeMembers(out, row.attributes());
    }

    private static void writeMembers(FrameOutput out, Map<?, ?> members) {
        out.count(members.size());
        members.forEach((name, value) -> {
            out.utf8((String) name);
            writeValue(out, value);
        });
    }

    private static void writeValue(FrameOutput out, @Nullable Object value) {
        switch (value) {
            case null -> out.u8(NULL);
            case Instant moment -> {
                out.u8(DATETIME);
                out.i64(moment.toEpochMilli());
            }
            case List<?> list when AttributeType.of(list) == AttributeType.STRINGS -> {
                out.u8(STRINGS);
                out.count(list.size());
                list.forEach(s -> out.utf8((String) s));
            }
            case List<?> list -> {
                out.u8(LIST);
                out.count(list.size());
                list.forEach(element -> writeValue(out, element));
            }
            case Map<?, ?> object -> {
                out.u8(OBJECT);
                writeMembers(out, object);
            }
            default -> writeScalar(out, value);
        }
    }

    /// @param version 1 or 2
    static Row read(FrameInput in, int version) {
        String id = in.utf8();
        Map<String, String> texts = version == 1 ? readText(in) : readTexts(in);
        Map<String, Object> attributes = new TreeMap<>();
        readMembers(in, 1)
                .forEach((name, value) -> {
                    if (value == null) {
                        throw in.corrupt("has a null attribute");
                    }
                    attributes.put(name, value);
                });
        return new Row(id, Map.of(), texts, attributes);
    }

    private static Map<String, String> readText(FrameInput in) {
        return in.flag() ? Map.of(CollectionSchema.TEXT, in.utf8()) : Map.of();
    }

    private static Map<String, String> readTexts(FrameInput in) {
        TreeMap<String, String> texts = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            String name = in.nameAfter(texts);
            texts.put(name, in.utf8());
        }
        return texts;
    }

    @SuppressWarnings("NullAway") // objects of JSON hold nulls
    private static Map<String, @Nullable Object> readMembers(FrameInput in, int depth) {
        TreeMap<String, @Nullable Object> members = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            String name = in.nameAfter(members);
            members.put(name, readValue(in, depth));
        }
        return members;
    }

    private static @Nullable Object readValue(FrameInput in, int depth) {
        if (depth > MAX_DEPTH) {
            throw in.corrupt("nests more than " + MAX_DEPTH + " deep");
        }
        int code = in.u8();
        return switch (code) {
            case STRINGS -> readStrings(in);
            case DATETIME -> readMoment(in);
            case LIST -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (int left = in.count(1); left > 0; left--) {
                    list.add(readValue(in, depth + 1));
                }
                yield Collections.unmodifiableList(list);
            }
            case OBJECT -> readMembers(in, depth + 1);
            case NULL -> null;
            default -> readScalar(in, code);
        };
    }

    private static List<String> readStrings(FrameInput in) {
        String[] strings = new String[in.count(1)];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = in.utf8();
        }
        return List.of(strings);
    }

    /// A datetime: i64, milliseconds since 1970.
    static Instant readMoment(FrameInput in) {
        Instant moment = Instant.ofEpochMilli(in.i64());
        if (!Moments.isInRange(moment)) {
            throw in.corrupt("has a moment outside the years 0 to 9999");
        }
        return moment;
    }

    static void writeScalar(FrameOutput out, Object value) {
        AttributeType type = AttributeType.of(value);
        out.u8(type.code());
        switch (value) {
            case String s -> out.utf8(s);
            case Long l -> out.i64(l);
            case Double d -> out.f64(d);
            case Boolean b -> out.u8(b ? 1 : 0);
            default -> throw new IllegalArgumentException(type + " is not a scalar");
        }
    }

    static Object readScalar(FrameInput in) {
        return readScalar(in, in.u8());
    }

    private static Object readScalar(FrameInput in, int code) {
        Optional<AttributeType> type = AttributeType.find(code);
        return switch (type.orElse(AttributeType.JSON)) {
            case STRING -> in.utf8();
            case LONG -> in.i64();
            case DOUBLE -> in.f64();
            case BOOL -> in.flag();
            case DATETIME, STRINGS, LONGS, DOUBLES, BOOLS, DATETIMES, JSON ->
                    throw in.corrupt("has value type " + code);
        };
    }
}
