package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads a [Filter] from parsed JSON, within the filter's bounds.
final class FilterJson {
    private static final String OPERATORS =
            "eq, in, any, all, range, exists, prefix, contains, and, or, not";
    private static final Set<String> BOUNDS = Set.of("gte", "gt", "lte", "lt");

    private int conditions;

    private FilterJson() {}

    static Filter parse(Object json) {
        return new FilterJson().node(json, 1);
    }

    private Filter node(@Nullable Object json, int depth) {
        if (depth > Filter.MAX_DEPTH) {
            throw QuernException.invalid(
                    "filter is nested more than " + Filter.MAX_DEPTH + " deep");
        }
        if (++conditions > Filter.MAX_CONDITIONS) {
            throw QuernException.invalid(
                    "filter has more than " + Filter.MAX_CONDITIONS + " conditions");
        }
        if (!(json instanceof Map<?, ?> map) || map.size() != 1) {
            throw expected("an object with one of " + OPERATORS, json);
        }
        Map.Entry<?, ?> entry = map.entrySet().iterator().next();
        String operator = String.valueOf(entry.getKey());
        Object argument = entry.getValue();
        return switch (operator) {
            case "eq" -> new Filter.Eq(field("eq", argument), scalar("eq", pair(argument)));
            case "in", "any" ->
                    new Filter.In(field(operator, argument), values(operator, pair(argument)));
            case "all" ->
                    new Filter.All(field(operator, argument), values(operator, pair(argument)));
            case "exists" -> new Filter.Exists(string(operator, argument));
            case "prefix" ->
                    new Filter.Prefix(field(operator, argument), string(operator, pair(argument)));
            case "contains" ->
                    new Filter.Contains(
                            field(operator, argument), scalar(operator, pair(argument)));
            case "range" -> range(field("range", argument), pair(argument));
            case "and" -> new Filter.And(nodes("and", argument, depth));
            case "or" -> new Filter.Or(nodes("or", argument, depth));
            case "not" -> new Filter.Not(node(argument, depth + 1));
            default ->
                    throw QuernException.invalid(
                            "filter operator must be one of "
                                    + OPERATORS
                                    + ", got \""
                                    + Names.abbreviate(operator)
                                    + "\"");
        };
    }

    private List<Filter> nodes(String operator, @Nullable Object json, int depth) {
        if (!(json instanceof List<?> list)) {
            throw expected("a list of filters after \"" + operator + "\"", json);
        }
        List<Filter> nodes = new ArrayList<>();
        for (Object element : list) {
            nodes.add(node(element, depth + 1));
        }
        return nodes;
    }

    private static String field(String operator, @Nullable Object json) {
        if (json instanceof List<?> list
                && list.size() == 2
                && list.getFirst() instanceof String name) {
            return name;
        }
        throw expected("[field, value] after \"" + operator + "\"", json);
    }

    private static @Nullable Object pair(@Nullable Object json) {
        return json instanceof List<?> list ? list.getLast() : null;
    }

    private static String string(String operator, @Nullable Object json) {
        if (!(json instanceof String string)) {
            throw expected("a string in \"" + operator + "\"", json);
        }
        return string;
    }

    private static List<Object> values(String operator, @Nullable Object json) {
        if (!(json instanceof List<?> list)) {
            throw expected("[field, [values]] after \"" + operator + "\"", json);
        }
        List<Object> values = new ArrayList<>();
        for (Object element : list) {
            values.add(scalar(operator, element));
        }
        return values;
    }

    private static Filter range(String field, @Nullable Object json) {
        if (!(json instanceof Map<?, ?> map)
                || map.isEmpty()
                || !BOUNDS.containsAll(map.keySet())) {
            throw expected("an object with some of gte, gt, lte, lt in \"range\"", json);
        }
        Map<String, Object> bounds = new HashMap<>();
        map.forEach((name, value) -> bounds.put(String.valueOf(name), scalar("range", value)));
        Function<String, Optional<Object>> bound = name -> Optional.ofNullable(bounds.get(name));
        return new Filter.Range(
                field,
                bound.apply("gte"),
                bound.apply("gt"),
                bound.apply("lte"),
                bound.apply("lt"));
    }

    private static Object scalar(String operator, @Nullable Object value) {
        return switch (value) {
            case String s -> s;
            case Boolean b -> b;
            case Long l -> l;
            case Integer i -> (long) i;
            case Double d when Double.isFinite(d) -> d;
            case Float f when Float.isFinite(f) -> (double) f;
            case null, default ->
                    throw expected(
                            "a string, a 64-bit number or a boolean in \"" + operator + "\"",
                            value);
        };
    }

    private static QuernException expected(String what, @Nullable Object got) {
        return QuernException.invalid(
                "filter must have "
                        + what
                        + ", got "
                        + (got == null ? "null" : got.getClass().getSimpleName()));
    }
}
