package dev.quern.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.IdType;
import java.io.IOException;
import java.util.Optional;

/// What the reader of a body has to know of the collection that its rows or ids are of, and what it
/// saw of the ids. For one request.
final class RowReading {
    private final CollectionSchema schema;
    private final boolean patch;
    private boolean numbers;
    private boolean strings;

    RowReading(CollectionSchema schema) {
        this(schema, false);
    }

    /// @param patch whether a null removes a field
    RowReading(CollectionSchema schema, boolean patch) {
        this.schema = schema;
        this.patch = patch;
    }

    /// Whether a key says something of a row: a vector or a text field of such a name comes first.
    boolean isSaid(String name) {
        return FlatRow.SAID.contains(name)
                && !schema.vectors().containsKey(name)
                && !schema.texts().containsKey(name);
    }

    boolean isPatch() {
        return patch;
    }

    CollectionSchema schema() {
        return schema;
    }

    /// Reads an id: a string; in a collection with `uint64` ids, or undecided ones, a whole number
    /// too.
    String id(JsonParser parser, DeserializationContext context) throws IOException {
        boolean number = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
        if (number && !schema.idType().equals(Optional.of(IdType.STRING))) {
            numbers = true;
            return parser.getText();
        }
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            strings = true;
            return parser.getText();
        }
        if (schema.ids() == IdType.UINT64) {
            throw new FieldException(
                    parser, "must be a whole number, 0 to 18446744073709551615, or its digits");
        }
        context.reportInputMismatch(String.class, "no id");
        return "";
    }

    /// The id type that the ids which were read give an undecided collection.
    ///
    /// @throws QuernException `INVALID` if they are of both kinds
    Optional<IdType> decided() {
        if (schema.idType().isPresent() || !(numbers || strings)) {
            return Optional.empty();
        }
        if (numbers && strings) {
            throw QuernException.invalid(
                    "the collection's first rows decide what its ids are, and some of these are"
                            + " numbers, some strings: make them all one or the other");
        }
        return Optional.of(numbers ? IdType.UINT64 : IdType.STRING);
    }
}
