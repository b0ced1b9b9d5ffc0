package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// The type of an attribute, fixed for a collection by the first row that has it.
enum AttributeType {
    STRING(1, "a string"),
    LONG(2, "a 64-bit integer"),
    DOUBLE(3, "a number"),
    BOOL(4, "a boolean"),
    STRINGS(5, "a list of strings");

    private final int code;
    private final String phrase;

    AttributeType(int code, String phrase) {
        this.code = code;
        this.phrase = phrase;
    }

    /// The byte in formats.
    int code() {
        return code;
    }

    /// For messages: the type with its article.
    String phrase() {
        return phrase;
    }

    static Optional<AttributeType> find(int code) {
        for (AttributeType type : values()) {
            if (type.code == code) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /// The type of a value that [Row] accepts.
    static AttributeType of(Object value) {
        return switch (value) {
            case String _ -> STRING;
            case Long _ -> LONG;
            case Double _ -> DOUBLE;
            case Boolean _ -> BOOL;
            case List<?> _ -> STRINGS;
            default -> throw new IllegalArgumentException(value.getClass().getName());
        };
    }
}
