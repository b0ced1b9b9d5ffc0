package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A row of a collection. Not comparable by `equals`, because of the array.
///
/// @param id 1 to 512 bytes of UTF-8
/// @param text searched by BM25, at most 1 MiB of UTF-8
/// @param vector one number per dimension, not to be modified; of length 0 in answers to requests
///   that did not ask for vectors
/// @param attributes by name, in name order: [String], [Long], [Double], [Boolean] or a [List] of
///   strings; the constructor widens the smaller number types and refuses any other
public record Row(
        String id, Optional<String> text, float[] vector, Map<String, Object> attributes) {
    /// Normalises the attributes.
    ///
    /// @throws QuernException `INVALID` naming the row and the attribute whose type is not one of
    ///   the five
    public Row {
        Map<String, Object> typed = new TreeMap<>();
        for (Map.Entry<String, Object> entry : attributes.entrySet()) {
            typed.put(entry.getKey(), typed(id, entry.getKey(), entry.getValue()));
        }
        attributes = Collections.unmodifiableMap(typed);
    }

    private static Object typed(String id, String name, @Nullable Object value) {
        return switch (value) {
            case String s -> s;
            case Long l -> l;
            case Integer i -> (long) i;
            case Short s -> (long) s;
            case Byte b -> (long) b;
            case Double d -> d;
            case Float f -> (double) f;
            case Boolean b -> b;
            case List<?> list -> strings(id, name, list);
            case null -> throw refused(id, name, "null: leave the attribute out instead");
            default -> throw refused(id, name, value.getClass().getSimpleName());
        };
    }

    private static List<String> strings(String id, String name, List<?> list) {
        List<String> strings = new ArrayList<>(list.size());
        for (Object element : list) {
            if (!(element instanceof String s)) {
                throw refused(id, name, "a list that holds something other than strings");
            }
            strings.add(s);
        }
        return List.copyOf(strings);
    }

    private static QuernException refused(String id, String name, String what) {
        return QuernException.invalid(
                "row \""
                        + Names.abbreviate(id)
                        + "\": attribute \""
                        + Names.abbreviate(name)
                        + "\" must be a string, a 64-bit integer, a finite number, a boolean or a"
                        + " list of strings, got "
                        + what);
    }
}
