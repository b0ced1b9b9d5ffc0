package dev.quern.flight;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.IdType;
import dev.quern.vector.RowTerms;
import dev.quern.vector.RowWrite;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
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
    static final String ATTRIBUTES = "attributes";

    private static final ArrowType UINT64 = new ArrowType.Int(Long.SIZE, false);
    private static final ArrowType MOMENT = new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC");
    private static final ArrowType FLOAT32 =
            new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

    /// A file: pieces of it, each with the place of its first byte.
    static final Schema FILE =
            new Schema(
                    List.of(
                            Field.notNullable(OFFSET, new ArrowType.Int(64, true)),
                            Field.notNullable(DATA, ArrowType.Binary.INSTANCE)));

    private FlightSchemas() {}

    /// The rows of a collection: `id`, each text field, `attributes` (a JSON object) or a column
    /// for each attribute ([ColumnNames], [AttributeColumn]), each vector field; fields in name
    /// order. With a column for each attribute also `expires_at`, last, unless a vector or a text
    /// is called so. Null is a field that a row lacks. The only vector field of a collection is not
    /// nullable, because rows are not written without it.
    static Schema rows(CollectionSchema collection, boolean attributeColumns) {
        List<Field> columns = new ArrayList<>();
        columns.add(
                Field.notNullable(
                        ID,
                        switch (collection.ids()) {
                            case STRING -> ArrowType.Utf8.INSTANCE;
                            case UINT64 -> UINT64;
                        }));
        for (String text : collection.texts().keySet()) {
            columns.add(Field.nullable(text, ArrowType.Utf8.INSTANCE));
        }
        if (attributeColumns) {
            ColumnNames.attributes(collection)
                    .forEach((column, attribute) ->
                            columns.add(
                                    AttributeColumn.field(
                                            column,
                                            Objects.requireNonNull(
                                                    collection.attributes().get(attribute)))));
        } else {
            columns.add(Field.notNullable(ATTRIBUTES, ArrowType.Utf8.INSTANCE));
        }
        collection
                .vectors()
                .forEach((name, vector) ->
                        columns.add(
                                new Field(
                                        name,
                                        vectorType(vector.dims(), !isOnlyVector(collection)),
                                        List.of(Field.nullable("item", FLOAT32)))));
        if (attributeColumns && ColumnNames.isTerm(RowTerms.EXPIRES_AT, collection)) {
            columns.add(Field.nullable(RowTerms.EXPIRES_AT, MOMENT));
        }
        return new Schema(columns);
    }

    private static FieldType vectorType(int dims, boolean nullable) {
        return new FieldType(nullable, new ArrowType.FixedSizeList(dims), null);
    }

    /// Whether every row that is written must have a vector in the collection's one vector field.
    static boolean isOnlyVector(CollectionSchema collection) {
        return collection.vectors().size() == 1;
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

    /// Checks the schema of an upload of rows: `id`, the collection's only vector field, if it has
    /// one and this is no patch, and any of the other columns of [#rows] and of
    /// [dev.quern.vector.RowTerms]; in any order.
    ///
    /// @throws QuernException `INVALID` naming both schemas
    static void requireRows(
            Schema actual,
            CollectionSchema collection,
            boolean attributeColumns,
            RowWrite.Mode mode) {
        Schema expected = rows(collection, attributeColumns);
        boolean vectorNeeded = mode != RowWrite.Mode.PATCH && isOnlyVector(collection);
        Set<String> known = new HashSet<>(names(expected));
        known.addAll(RowTerms.NAMES);
        boolean fits =
                find(actual, ID) != null
                        && (!vectorNeeded || find(actual, collection.vectors().firstKey()) != null)
                        && (attributeColumns || known.containsAll(names(actual)))
                        && names(actual).size() == actual.getFields().size()
                        && actual.getFields().stream()
                                .allMatch(column ->
                                        isColumn(
                                                column,
                                                find(expected, column.getName()),
                                                collection));
        if (!fits) {
            String needed = vectorNeeded ? ID + " and " + collection.vectors().firstKey() : ID;
            throw mismatch(
                    "this collection",
                    expected.getFields().stream()
                            .map(FlightSchemas::describe)
                            .collect(
                                    Collectors.joining(
                                            ", ",
                                            "{",
                                            "}, all but "
                                                    + needed
                                                    + " may be left out"
                                                    + (attributeColumns
                                                            ? ", others are attributes"
                                                            : ""))),
                    actual);
        }
    }

    private static Set<String> names(Schema schema) {
        return schema.getFields().stream().map(Field::getName).collect(Collectors.toSet());
    }

    private static boolean isColumn(
            Field actual, @Nullable Field expected, CollectionSchema collection) {
        String name = actual.getName();
        if (name.equals(ID)) {
            return isId(actual, collection.idType());
        }
        if (ColumnNames.isTerm(name, collection)) {
            return isTerm(actual);
        }
        if (expected == null
                || !(ColumnNames.isTaken(name, collection) || name.equals(ATTRIBUTES))) {
            return AttributeValues.isSupported(actual);
        }
        return expected.getType() instanceof ArrowType.FixedSizeList list
                ? isVector(actual, list.getListSize())
                : isString(actual);
    }

    private static boolean isTerm(Field field) {
        return field.getDictionary() == null
                && switch (field.getName()) {
                    case RowTerms.EXPIRES_AT ->
                            isString(field)
                                    || (field.getType() instanceof ArrowType.Timestamp moment
                                            && moment.getTimezone() != null);
                    case RowTerms.IF_ABSENT -> field.getType().equals(ArrowType.Bool.INSTANCE);
                    default -> field.getType() instanceof ArrowType.Int;
                };
    }

    /// Numbers that have a sign are welcome: whether one is below 0 is for each row to see.
    private static boolean isId(Field actual, Optional<IdType> type) {
        boolean number =
                actual.getDictionary() == null && actual.getType() instanceof ArrowType.Int;
        return switch (type.orElse(number ? IdType.UINT64 : IdType.STRING)) {
            case STRING -> isString(actual);
            case UINT64 -> number || isString(actual);
        };
    }

    /// Whether the ids of an upload are numbers.
    static boolean hasNumbers(Schema actual) {
        return actual.findField(ID).getType() instanceof ArrowType.Int;
    }

    private static boolean isVector(Field field, int dims) {
        return field.getType().equals(new ArrowType.FixedSizeList(dims))
                && field.getDictionary() == null
                && field.getChildren().getFirst().getType().equals(FLOAT32);
    }

    private static boolean isString(Field field) {
        return field.getDictionary() == null
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
        Set<String> names = names(schema);
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
