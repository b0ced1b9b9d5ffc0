package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Whether a filter makes sense for a collection. Not thread-safe; one use each.
final class FilterCheck {
    private final Schema schema;
    private int conditions;
    private long bytes;

    private FilterCheck(Schema schema) {
        this.schema = schema;
    }

    /// @throws QuernException `INVALID` over the bounds on depth, conditions, values and size; for
    ///   an attribute that the collection never had; for a value of another type than the attribute
    static void check(Filter filter, Schema schema) {
        new FilterCheck(schema).node(filter, 1);
    }

    private void node(Filter filter, int depth) {
        require(
                depth <= Filter.MAX_DEPTH,
                () -> "is nested more than " + Filter.MAX_DEPTH + " deep");
        count(1);
        switch (filter) {
            case Filter.Eq(String field, Object value) -> value(field, value);
            case Filter.In(String field, List<Object> values) ->
                    values(field, values, Filter.MAX_VALUES);
            case Filter.All(String field, List<Object> values) -> {
                // One is counted already; each further value is a condition of its own.
                count(Math.max(0, values.size() - 1));
                values(field, values, Filter.MAX_CONDITIONS);
            }
            case Filter.Exists(String field) -> filterable(field);
            case Filter.Prefix(String field, String prefix) -> {
                value(field, prefix);
                requireString("a prefix", field);
            }
            case Filter.Contains(String field, Object value) -> contains(field, value);
            case Filter.Range range -> range(range);
            case Filter.And(List<Filter> all) -> all.forEach(f -> node(f, depth + 1));
            case Filter.Or(List<Filter> any) -> any.forEach(f -> node(f, depth + 1));
            case Filter.Not(Filter not) -> node(not, depth + 1);
        }
    }

    private void count(int more) {
        conditions += more;
        require(
                conditions <= Filter.MAX_CONDITIONS,
                () ->
                        "has more than "
                                + Filter.MAX_CONDITIONS
                                + " conditions (each value of an all is one)");
    }

    private void values(String field, List<Object> values, int max) {
        require(
                values.size() <= max,
                () -> "lists " + values.size() + " values, the bound is " + max);
        filterable(field);
        values.forEach(value -> value(field, value));
    }

    private void contains(String field, Object value) {
        value(field, value);
        if (filterable(field).filter(AttributeType::isList).isEmpty()) {
            requireString("contains", field);
            require(
                    !(value instanceof String s) || Utf8.length(s) <= Filter.MAX_CONTAINS_BYTES,
                    () ->
                            "has a string to be contained in "
                                    + quoted(field)
                                    + " of more than "
                                    + Filter.MAX_CONTAINS_BYTES
                                    + " bytes");
        }
    }

    private void requireString(String what, String field) {
        Optional<AttributeType> type = filterable(field);
        require(
                type.filter(t -> t.element() != AttributeType.STRING).isEmpty(),
                () ->
                        "has "
                                + what
                                + " on "
                                + quoted(field)
                                + ", which is "
                                + type.map(AttributeType::phrase).orElse("unknown"));
    }

    private void range(Filter.Range range) {
        List<Object> bounds =
                Stream.of(range.gte(), range.gt(), range.lte(), range.lt())
                        .flatMap(Optional::stream)
                        .toList();
        require(!bounds.isEmpty(), () -> "has a range without a bound on " + quoted(range.field()));
        require(
                filterable(range.field()).filter(t -> t.element() == AttributeType.BOOL).isEmpty(),
                () -> "has a range on " + quoted(range.field()) + ", which is a boolean: use eq");
        bounds.forEach(bound -> value(range.field(), bound));
    }

    private Optional<AttributeType> typeOf(String field) {
        AttributeType type = schema.find(field);
        require(
                type != null || schema.hasNoAttributes(),
                () ->
                        "names attribute "
                                + quoted(field)
                                + ", which no row of the collection has; it has "
                                + String.join(", ", schema.fields().attributes().keySet()));
        return Optional.ofNullable(type);
    }

    private Optional<AttributeType> filterable(String field) {
        Optional<AttributeType> type = typeOf(field);
        require(
                type.filter(t -> t == AttributeType.JSON).isEmpty(),
                () ->
                        "names "
                                + quoted(field)
                                + ", which is JSON: it is kept, not indexed; put what is filtered on into"
                                + " an attribute of its own");
        return type;
    }

    private void value(String field, Object value) {
        Optional<AttributeType> type = filterable(field);
        boolean known =
                value instanceof Long
                        || value instanceof Boolean
                        || (value instanceof Double d && Double.isFinite(d))
                        || (value instanceof String s && Utf8.length(s) >= 0);
        require(
                known,
                () -> "compares " + quoted(field) + " with a value that no attribute can have");
        bytes += value instanceof String s ? Utf8.length(s) : Long.BYTES;
        require(
                bytes <= WriteCheck.MAX_TEXT_BYTES,
                () -> "holds more than " + WriteCheck.MAX_TEXT_BYTES + " bytes of values");
        AttributeType given = AttributeType.of(value);
        require(
                type.filter(t -> !comparable(t.element(), given)).isEmpty(),
                () ->
                        "compares "
                                + quoted(field)
                                + ", which is "
                                + type.map(AttributeType::phrase).orElse("unknown")
                                + " in this collection, with "
                                + given.phrase());
        require(
                type.filter(t -> t.element() == AttributeType.DATETIME).isEmpty()
                        || (value instanceof String text && Moments.find(text).isPresent()),
                () ->
                        "compares "
                                + quoted(field)
                                + " with \""
                                + Names.abbreviate(String.valueOf(value))
                                + "\", expected "
                                + Moments.EXPECTED);
    }

    private static boolean comparable(AttributeType field, AttributeType value) {
        return switch (field) {
            case STRING, DATETIME -> value == AttributeType.STRING;
            case LONG, DOUBLE -> value == AttributeType.LONG || value == AttributeType.DOUBLE;
            case BOOL -> value == AttributeType.BOOL;
            case STRINGS, LONGS, DOUBLES, BOOLS, DATETIMES, JSON -> false;
        };
    }

    private static String quoted(String field) {
        return "\"" + Names.abbreviate(field) + "\"";
    }

    /// @param problem is made only when it is told: names are abbreviated, which takes longer than
    ///   all checks of a small filter
    private static void require(boolean holds, Supplier<String> problem) {
        if (!holds) {
            throw QuernException.invalid("filter " + problem.get());
        }
    }
}
