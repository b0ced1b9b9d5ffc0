package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The type of an attribute, fixed for a collection when the attribute is declared, or else by the
/// first row that has it.
///
/// | name | values in a [Row] | filters |
/// |---|---|---|
/// | `string` | [String] | by its UTF-8 bytes |
/// | `int64` | [Long] | by value |
/// | `float64` | [Double], finite | by value |
/// | `bool` | [Boolean] | equality |
/// | `datetime` | [Instant], milliseconds, years 0 to 9999 | by time |
/// | `TYPE[]` of each of these | [List] of them | when any element passes |
/// | `json` | any JSON value, objects as maps | none: it is kept as it came |
public enum AttributeType {
    /// A string.
    STRING(1, "string", "a string"),
    /// A 64-bit integer.
    LONG(2, "int64", "a 64-bit integer"),
    /// A finite double.
    DOUBLE(3, "float64", "a number"),
    /// A boolean.
    BOOL(4, "bool", "a boolean"),
    /// A list of strings.
    STRINGS(5, "string[]", "a list of strings"),
    /// A moment.
    DATETIME(6, "datetime", "a date and time"),
    /// A list of 64-bit integers.
    LONGS(7, "int64[]", "a list of 64-bit integers"),
    /// A list of finite doubles.
    DOUBLES(8, "float64[]", "a list of numbers"),
    /// A list of booleans.
    BOOLS(9, "bool[]", "a list of booleans"),
    /// A list of moments.
    DATETIMES(10, "datetime[]", "a list of dates and times"),
    /// Any JSON value, kept but not filtered on.
    JSON(11, "json", "a JSON value");

    private final int code;
    private final String wireName;
    private final String phrase;

    AttributeType(int code, String wireName, String phrase) {
        this.code = code;
        this.wireName = wireName;
        this.phrase = phrase;
    }

    /// Reads a name of the table above.
    ///
    /// @throws QuernException `INVALID` for any other
    public static AttributeType parse(String text) {
        return Stream.of(values())
                .filter(type -> type.wireName.equals(text))
                .findFirst()
                .orElseThrow(() ->
                        QuernException.invalid(
                                "attribute type must be one of "
                                        + Stream.of(values())
                                                .map(AttributeType::toString)
                                                .collect(Collectors.joining(", "))
                                        + ", got \""
                                        + Names.abbreviate(text)
                                        + "\""));
    }

    /// The byte in formats.
    int code() {
        return code;
    }

    /// For messages: the type with its article.
    String phrase() {
        return phrase;
    }

    /// The type of a list's elements; a type that is no list is its own.
    AttributeType element() {
        return switch (this) {
            case STRINGS -> STRING;
            case LONGS -> LONG;
            case DOUBLES -> DOUBLE;
            case BOOLS -> BOOL;
            case DATETIMES -> DATETIME;
            case STRING, LONG, DOUBLE, BOOL, DATETIME, JSON -> this;
        };
    }

    boolean isList() {
        return element() != this;
    }

    static Optional<AttributeType> find(int code) {
        for (AttributeType type : values()) {
            if (type.code == code) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /// The type of a value as [Row] has it; an empty list counts as one of strings.
    static AttributeType of(Object value) {
        return switch (value) {
            case String _ -> STRING;
            case Long _ -> LONG;
            case Double _ -> DOUBLE;
            case Boolean _ -> BOOL;
            case Instant _ -> DATETIME;
            case List<?> list -> listType(list);
            default -> JSON;
        };
    }

    private static AttributeType listType(List<?> list) {
        AttributeType found = null;
        for (Object element : list) {
            AttributeType type =
                    switch (element) {
                        case String _ -> STRINGS;
                        case Long _ -> LONGS;
                        case Double _ -> DOUBLES;
                        case Boolean _ -> BOOLS;
                        case Instant _ -> DATETIMES;
                        case null, default -> JSON;
                    };
            if (found != null && found != type) {
                return JSON;
            }
            found = type;
        }
        return found == null ? STRINGS : found;
    }

    /// The name on the wire.
    @Override
    public String toString() {
        return wireName;
    }
}
