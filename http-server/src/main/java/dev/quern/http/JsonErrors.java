package dev.quern.http;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Says in the API's own terms what was wrong with a JSON body.
final class JsonErrors {
    private JsonErrors() {}

    static QuernException explain(JsonProcessingException e) {
        return switch (e) {
            case UnrecognizedPropertyException unknown -> unknownField(unknown);
            case FieldException field ->
                    QuernException.invalid(field(field) + " " + field.getOriginalMessage());
            case JsonNumbers.NotFiniteException number ->
                    QuernException.invalid(
                            field(number) + " must be a finite number that its type can hold");
            case MismatchedInputException mismatch -> mismatch(mismatch);
            case JsonMappingException mapping when mapping.getCause() instanceof QuernException q ->
                    q;
            case JsonMappingException mapping
                    when mapping.getCause() instanceof InputCoercionException ->
                    QuernException.invalid(field(mapping) + " is a number out of range");
            case JsonMappingException mapping
                    when mapping.getCause() instanceof JsonProcessingException cause ->
                    malformed(cause);
            default -> malformed(e);
        };
    }

    private static QuernException unknownField(UnrecognizedPropertyException e) {
        Collection<Object> ids = e.getKnownPropertyIds();
        TreeSet<String> known = new TreeSet<>();
        for (Object id : ids == null ? Collections.emptyList() : ids) {
            known.add(id.toString());
        }
        return QuernException.invalid(
                "unknown field '"
                        + Names.abbreviate(path(e))
                        + "'; known here: "
                        + String.join(", ", known));
    }

    private static QuernException mismatch(MismatchedInputException e) {
        if (e.getPath().isEmpty() && came(e).equals("nothing")) {
            return QuernException.invalid("a JSON body is required, got nothing");
        }
        String came = came(e);
        String expected = expected(e.getTargetType());
        if (came.equals("null")) {
            return QuernException.invalid(field(e) + " must be " + expected + ", not null");
        }
        return QuernException.invalid(field(e) + " must be " + expected + ", got " + came);
    }

    private static QuernException malformed(JsonProcessingException e) {
        String what = e.getOriginalMessage();
        if (e instanceof StreamConstraintsException) {
            boolean depth = what != null && what.contains("nesting depth");
            return QuernException.invalid(
                    depth
                            ? "JSON body is over " + Json.MAX_DEPTH + " levels deep"
                            : "JSON body has a name of over 4096 characters or a number of over"
                                    + " 1000 digits");
        }
        JsonLocation at = e.getLocation();
        String where =
                at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
        return QuernException.invalid(
                "malformed JSON" + where + ": " + Names.abbreviate(what == null ? "" : what));
    }

    private static String field(JsonMappingException e) {
        String path = path(e);
        return path.isEmpty() ? "the body" : "'" + Names.abbreviate(path) + "'";
    }

    /// The place of an error, such as `rows[3].vector[0]`.
    private static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getIndex() >= 0) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    private static String expected(@Nullable Class<?> type) {
        if (type == Integer.class
                || type == int.class
                || type == Long.class
                || type == long.class) {
            return "a whole number";
        } else if (type == Double.class || type == double.class || type == Float.class) {
            return "a number";
        } else if (type == Boolean.class || type == boolean.class) {
            return "true or false";
        } else if (type == String.class) {
            return "a string";
        } else if (type != null && List.class.isAssignableFrom(type)) {
            return "a list";
        } else if (type != null && (type.isRecord() || Map.class.isAssignableFrom(type))) {
            return "an object";
        }
        return "another type of value";
    }

    private static String came(JsonMappingException e) {
        if (!(e.getProcessor() instanceof JsonParser parser)) {
            return "something else";
        }
        JsonToken token = parser.currentToken();
        if (token == null) {
            return "nothing";
        }
        return switch (token) {
            case START_OBJECT, END_OBJECT, FIELD_NAME -> "an object";
            case START_ARRAY, END_ARRAY -> "a list";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT -> "a whole number";
            case VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NULL -> "null";
            case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> "something else";
        };
    }
}
