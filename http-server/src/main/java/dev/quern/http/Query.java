package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// The parameters after the `?`. A route names the ones it knows with [#allow]; any other, and any
/// given twice, is refused, so that a misspelt parameter is never silently ignored.
final class Query {
    private static final int MAX_PARAMETERS = 32;

    private final Map<String, String> values;

    private Query(Map<String, String> values) {
        this.values = values;
    }

    /// Reads the raw text after the `?`, empty when there was none.
    ///
    /// @throws QuernException `INVALID` for a broken escape, a repeated name or over 32 parameters
    static Query parse(String raw) {
        Map<String, String> values = new TreeMap<>();
        int start = 0;
        while (start < raw.length()) {
            int end = raw.indexOf('&', start);
            end = end < 0 ? raw.length() : end;
            if (end > start) {
                add(values, raw.substring(start, end));
            }
            start = end + 1;
        }
        return new Query(values);
    }

    private static void add(Map<String, String> values, String pair) {
        int equals = pair.indexOf('=');
        String name = PercentDecoder.query(equals < 0 ? pair : pair.substring(0, equals));
        String value = equals < 0 ? "" : PercentDecoder.query(pair.substring(equals + 1));
        if (values.putIfAbsent(name, value) != null) {
            throw QuernException.invalid(
                    "query parameter '" + Names.abbreviate(name) + "' is given twice");
        }
        if (values.size() > MAX_PARAMETERS) {
            throw QuernException.invalid("over " + MAX_PARAMETERS + " query parameters");
        }
    }

    /// Refuses parameters other than these.
    ///
    /// @throws QuernException `INVALID` naming the unknown one and those that are known
    Query allow(String... names) {
        List<String> known = List.of(names);
        List<String> unknown = new ArrayList<>(values.keySet());
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw QuernException.invalid(
                    "unknown query parameter '"
                            + Names.abbreviate(unknown.getFirst())
                            + "'; known here: "
                            + (known.isEmpty() ? "none" : String.join(", ", known)));
        }
        return this;
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /// `true` or `false`; a bare name counts as true.
    boolean flag(String name, boolean whenAbsent) {
        String value = values.get(name);
        if (value == null) {
            return whenAbsent;
        }
        return switch (value) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw wrong(name, "true or false", value);
        };
    }

    /// A whole number from `least` to `most`.
    OptionalLong number(String name) {
        String value = values.get(name);
        if (value == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(value));
        } catch (NumberFormatException e) {
            throw wrong(name, "a whole number", value);
        }
    }

    int integer(String name, int whenAbsent, int least, int most) {
        String value = values.get(name);
        if (value == null) {
            return whenAbsent;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw wrong(name, "a whole number from " + least + " to " + most, value);
        }
        throw wrong(name, "a whole number from " + least + " to " + most, value);
    }

    /// A number from `least` to `most`, fractions allowed.
    double number(String name, double whenAbsent, double least, double most) {
        String value = values.get(name);
        if (value == null) {
            return whenAbsent;
        }
        try {
            double number = Double.parseDouble(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw wrong(name, "a number from " + least + " to " + most, value);
        }
        throw wrong(name, "a number from " + least + " to " + most, value);
    }

    private static QuernException wrong(String name, String expected, String value) {
        return QuernException.invalid(
                "query parameter '"
                        + name
                        + "' must be "
                        + expected
                        + ", got \""
                        + Names.abbreviate(value)
                        + "\"");
    }
}
