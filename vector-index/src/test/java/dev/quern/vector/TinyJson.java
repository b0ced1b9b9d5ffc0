package dev.quern.vector;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads just enough JSON for filters in tests, with `'` for quotes, without recursion limits of
/// its own worth mentioning.
final class TinyJson {
    private final String text;
    private int at;

    private TinyJson(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        Object value = new TinyJson(text).value();
        if (value == null) {
            throw new IllegalArgumentException(text);
        }
        return value;
    }

    private @Nullable Object value() {
        char c = text.charAt(at);
        return switch (c) {
            case '{' -> object();
            case '[' -> list();
            case '\'' -> string();
            default -> literal();
        };
    }

    private Map<String, @Nullable Object> object() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        at++;
        while (text.charAt(at) != '}') {
            String key = string();
            at++;
            map.put(key, value());
            skipComma();
        }
        at++;
        return map;
    }

    private List<@Nullable Object> list() {
        List<@Nullable Object> list = new ArrayList<>();
        at++;
        while (text.charAt(at) != ']') {
            list.add(value());
            skipComma();
        }
        at++;
        return list;
    }

    private void skipComma() {
        if (text.charAt(at) == ',') {
            at++;
        }
    }

    private String string() {
        int end = text.indexOf('\'', at + 1);
        String string = text.substring(at + 1, end);
        at = end + 1;
        return string;
    }

    private @Nullable Object literal() {
        int end = at;
        while (end < text.length() && ",]}".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        String literal = text.substring(at, end);
        at = end;
        return switch (literal) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> null;
            default ->
                    literal.matches("-?[0-9]+")
                            ? (Object) Long.valueOf(literal)
                            : (Object) Double.valueOf(literal);
        };
    }
}
