package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Whether a filter makes sense for a collection. Not thread-safe; one use each.
final class FilterCheck {
    private final AttributeTypes types;
    private int conditions;
    private long bytes;

    private FilterCheck(AttributeTypes types) {
        this.types = types;
    }

    /// @throws QuernException `INVALID` over the bounds on depth, conditions, values and size; for
    ///   an attribute that the collection never had; for a value of another type than the attribute
    static void check(Filter filter, AttributeTypes types) {
        new FilterCheck(types).node(filter, 1);
    }

    private void node(Filter filter, int depth) {
        require(depth <= Filter.MAX_DEPTH, "is nested more than " + Filter.MAX_DEPTH + " deep");
        require(
                ++conditions <= Filter.MAX_CONDITIONS,
                "has more than " + Filter.MAX_CONDITIONS + " conditions");
        switch (filter) {
            case Filter.Eq(String field, Object value) -> value(field, value);
            case Filter.In(String field, List<Object> values) -> {
                require(
                        values.size() <= Filter.MAX_VALUES,
                        "lists " + values.size() + " values, the bound is " + Filter.MAX_VALUES);
                typeOf(field);
                values.forEach(value -> value(field, value));
            }
            case Filter.Range range -> range(range);
            case Filter.And(List<Filter> all) -> all.forEach(f -> node(f, depth + 1));
            case Filter.Or(List<Filter> any) -> any.forEach(f -> node(f, depth + 1));
            case Filter.Not(Filter not) -> node(not, depth + 1);
        }
    }

    private void range(Filter.Range range) {
        List<Object> bounds =
                Stream.of(range.gte(), range.gt(), range.lte(), range.lt())
                        .flatMap(Optional::stream)
                        .toList();
        require(!bounds.isEmpty(), "has a range without a bound on " + quoted(range.field()));
        require(
                typeOf(range.field()).filter(t -> t == AttributeType.BOOL).isEmpty(),
                "has a range on " + quoted(range.field()) + ", which is a boolean: use eq");
        bounds.forEach(bound -> value(range.field(), bound));
    }

    private Optional<AttributeType> typeOf(String field) {
        AttributeType type = types.find(field);
        require(
                type != null || types.types().isEmpty(),
                "names attribute "
                        + quoted(field)
                        + ", which no row of the collection has; it has "
                        + String.join(", ", new TreeSet<>(types.types().keySet())));
        return Optional.ofNullable(type);
    }

    private void value(String field, Object value) {
        Optional<AttributeType> type = typeOf(field);
        boolean known =
                value instanceof Long
                        || value instanceof Boolean
                        || (value instanceof Double d && Double.isFinite(d))
                        || (value instanceof String s && Utf8.length(s) >= 0);
        require(known, "compares " + quoted(field) + " with a value that no attribute can have");
        bytes += value instanceof String s ? Utf8.length(s) : Long.BYTES;
        require(
                bytes <= WriteCheck.MAX_TEXT_BYTES,
                "holds more than " + WriteCheck.MAX_TEXT_BYTES + " bytes of values");
        AttributeType given = AttributeType.of(value);
        require(
                type.filter(t -> !comparable(t, given)).isEmpty(),
                "compares "
                        + quoted(field)
                        + ", which is "
                        + type.map(AttributeType::phrase).orElse("unknown")
                        + " in this collection, with "
                        + given.phrase());
    }

    private static boolean comparable(AttributeType field, AttributeType value) {
        return switch (field) {
            case STRING, STRINGS -> value == AttributeType.STRING;
            case LONG, DOUBLE -> value == AttributeType.LONG || value == AttributeType.DOUBLE;
            case BOOL -> value == AttributeType.BOOL;
        };
    }

    private static String quoted(String field) {
        return "\"" + Names.abbreviate(field) + "\"";
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw QuernException.invalid("filter " + problem);
        }
    }
}
