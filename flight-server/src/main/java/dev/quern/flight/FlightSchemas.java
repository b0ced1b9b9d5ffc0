package dev.quern.flight;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/// The schemas of streams.
final class FlightSchemas {
    static final String OFFSET = "offset";
    static final String DATA = "data";
    static final String ID = "id";
    static final String TEXT = "text";
    static final String ATTRIBUTES = "attributes";
    static final String VECTOR = "vector";

    /// A file: pieces of it, each with the place of its first byte.
    static final Schema FILE =
            new Schema(
                    List.of(
                            Field.notNullable(OFFSET, new ArrowType.Int(64, true)),
                            Field.notNullable(DATA, ArrowType.Binary.INSTANCE)));

    private FlightSchemas() {}

    /// The rows of a collection of `dims` dimensions; attributes are a JSON object.
    static Schema rows(int dims) {
        ArrowType float32 = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
        return new Schema(
                List.of(
                        Field.notNullable(ID, ArrowType.Utf8.INSTANCE),
                        Field.nullable(TEXT, ArrowType.Utf8.INSTANCE),
                        Field.notNullable(ATTRIBUTES, ArrowType.Utf8.INSTANCE),
                        new Field(
                                VECTOR,
                                FieldType.notNullable(new ArrowType.FixedSizeList(dims)),
                                List.of(Field.nullable("item", float32)))));
    }

    /// Checks the schema of a file's upload: a column `data` of binary, and, if it likes, `offset`
    /// of int64.
    ///
    /// @throws QuernException `INVALID` naming both schemas
    static void requireFile(Schema actual) {
        Field data = find(actual, DATA);
        Field offset = find(actual, OFFSET);
        boolean fits =
                data != null
                        && isBinary(data.getType())
                        && (offset == null || offset.getType().equals(new ArrowType.Int(64, true)))
                        && namesWithin(actual, Set.of(DATA, OFFSET));
        if (!fits) {
            throw mismatch("a file", "{data: binary} or {offset: int64, data: binary}", actual);
        }
    }

    /// Checks the schema of an upload of rows: `id` and `vector`, and, if it likes, `text` and
    /// `attributes`; in any order.
    ///
    /// @throws QuernException `INVALID` naming both schemas
    static void requireRows(Schema actual, int dims) {
        Field vector = find(actual, VECTOR);
        boolean fits =
                isString(find(actual, ID))
                        && vector != null
                        && isVector(vector, dims)
                        && (find(actual, TEXT) == null || isString(find(actual, TEXT)))
                        && (find(actual, ATTRIBUTES) == null || isString(find(actual, ATTRIBUTES)))
                        && namesWithin(actual, Set.of(ID, TEXT, ATTRIBUTES, VECTOR));
        if (!fits) {
            throw mismatch(
                    "this collection",
                    "{id: utf8, text: utf8, attributes: utf8, vector: fixed_size_list<float32>["
                            + dims
                            + "]}, text and attributes may be left out",
                    actual);
        }
    }

    private static boolean isVector(Field field, int dims) {
        return field.getType().equals(new ArrowType.FixedSizeList(dims))
                && field.getDictionary() == null
                && field.getChildren()
                        .getFirst()
                        .getType()
                        .equals(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
    }

    private static boolean isString(@Nullable Field field) {
        return field != null
                && field.getDictionary() == null
                && (field.getType().equals(ArrowType.Utf8.INSTANCE)
                        || field.getType().equals(ArrowType.LargeUtf8.INSTANCE));
    }

    private static boolean isBinary(ArrowType type) {
        return type.equals(ArrowType.Binary.INSTANCE)
                || type.equals(ArrowType.LargeBinary.INSTANCE);
    }

    private static @Nullable Field find(Schema schema, String name) {
        return schema.getFields().stream()
                .filter(field -> field.getName().equals(name))
                .findFirst()
                .orElse(null);
    }

    /// Whether every column is known and named once.
    private static boolean namesWithin(Schema schema, Set<String> known) {
        Set<String> names =
                schema.getFields().stream().map(Field::getName).collect(Collectors.toSet());
        return known.containsAll(names) && names.size() == schema.getFields().size();
    }

    private static QuernException mismatch(String what, String expected, Schema actual) {
        String columns =
                actual.getFields().stream()
                        .limit(20)
                        .map(FlightSchemas::describe)
                        .collect(Collectors.joining(", ", "{", "}"));
        return QuernException.invalid(
                "schema for " + what + " must be " + expected + "; got " + columns);
    }

    private static String describe(Field field) {
        String type =
                switch (field.getType()) {
                    case ArrowType.FixedSizeList list ->
                            "fixed_size_list<"
                                    + typeName(field.getChildren().getFirst().getType())
                                    + ">["
                                    + list.getListSize()
                                    + "]";
                    case ArrowType other -> typeName(other);
                };
        return Names.abbreviate(field.getName()) + ": " + type;
    }

    private static String typeName(ArrowType type) {
        return switch (type) {
            case ArrowType.Utf8 _ -> "utf8";
            case ArrowType.LargeUtf8 _ -> "large_utf8";
            case ArrowType.Binary _ -> "binary";
            case ArrowType.LargeBinary _ -> "large_binary";
            case ArrowType.Int i -> (i.getIsSigned() ? "int" : "uint") + i.getBitWidth();
            case ArrowType.FloatingPoint f ->
                    switch (f.getPrecision()) {
                        case HALF -> "float16";
                        case SINGLE -> "float32";
                        case DOUBLE -> "float64";
                    };
            default -> type.toString().toLowerCase(Locale.ROOT);
        };
    }
}
