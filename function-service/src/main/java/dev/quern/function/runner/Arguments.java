package dev.quern.function.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns an input into the arguments of a method.
final class Arguments {
    private Arguments() {}

    /// JSON `{"args": [...], "kwargs": {...}}`, where keyword arguments need a class compiled with
    /// `-parameters`; any other JSON value is the only argument; raw bytes are one `byte[]`.
    ///
    /// @throws IllegalArgumentException naming the parameter that cannot be bound
    static @Nullable Object[] bind(
            Method method, String contentType, byte[] body, ObjectMapper json) {
        Parameter[] parameters = method.getParameters();
        if (contentType.equals(CallReply.BYTES)) {
            if (parameters.length != 1 || parameters[0].getType() != byte[].class) {
                throw new IllegalArgumentException(
                        "an input of " + contentType + " needs one parameter of type byte[]");
            }
            return new Object[] {body};
        }
        List<JsonNode> positional = new ArrayList<>();
        Map<String, JsonNode> named = split(read(body, json), positional);
        if (positional.size() > parameters.length) {
            throw wrongCount(method, positional.size() + named.size());
        }
        @Nullable Object[] bound = new @Nullable Object[parameters.length];
        int used = 0;
        for (int i = 0; i < parameters.length; i++) {
            JsonNode value =
                    i < positional.size() ? positional.get(i) : named.get(parameters[i].getName());
            if (value == null) {
                throw wrongCount(method, positional.size() + named.size());
            }
            used++;
            bound[i] = convert(value, parameters[i], i, json);
        }
        if (used < positional.size() + named.size()) {
            throw new IllegalArgumentException(
                    "unknown or doubly given parameters among " + named.keySet());
        }
        return bound;
    }

    private static Map<String, JsonNode> split(
            @Nullable JsonNode value, List<JsonNode> positional) {
        if (value == null) {
            return Map.of();
        }
        boolean convention = value.isObject() && !value.isEmpty();
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            boolean args = field.getKey().equals("args") && field.getValue().isArray();
            boolean kwargs = field.getKey().equals("kwargs") && field.getValue().isObject();
            convention &= args || kwargs;
        }
        if (!convention) {
            positional.add(value);
            return Map.of();
        }
        value.path("args").forEach(positional::add);
        Map<String, JsonNode> named = new LinkedHashMap<>();
        value.path("kwargs").properties().forEach(e -> named.put(e.getKey(), e.getValue()));
        return named;
    }

    private static @Nullable JsonNode read(byte[] body, ObjectMapper json) {
        if (body.length == 0) {
            return null;
        }
        try {
            return json.readTree(body);
        } catch (IOException e) {
            throw new IllegalArgumentException("the input is not JSON: " + e.getMessage(), e);
        }
    }

    private static @Nullable Object convert(
            JsonNode value, Parameter parameter, int index, ObjectMapper json) {
        try {
            return json.convertValue(
                    value, json.getTypeFactory().constructType(parameter.getParameterizedType()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "argument "
                            + (index + 1)
                            + " is not a "
                            + parameter.getParameterizedType().getTypeName()
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private static IllegalArgumentException wrongCount(Method method, int came) {
        return new IllegalArgumentException(
                method.getName()
                        + " takes "
                        + method.getParameterCount()
                        + " arguments, got "
                        + came
                        + " (named ones need a class compiled with -parameters)");
    }
}
