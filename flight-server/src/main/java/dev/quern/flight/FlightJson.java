package dev.quern.flight;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/// JSON inside Flight messages: snake_case, unknown properties refused, moments as RFC 3339 text.
final class FlightJson {
    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .addModule(
                            new SimpleModule()
                                    .addSerializer(Instant.class, ToStringSerializer.instance))
                    .build();

    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private FlightJson() {}

    /// The value in UTF-8.
    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw QuernException.internal("cannot write " + value.getClass() + " as JSON", e);
        }
    }

    /// The value as text.
    static String text(Object value) {
        return new String(write(value), StandardCharsets.UTF_8);
    }

    /// Reads any JSON value.
    ///
    /// @throws QuernException `INVALID` if it is none, or null
    static Object readValue(String what, String json) {
        return read(what, json.getBytes(StandardCharsets.UTF_8), Object.class);
    }

    /// Reads a value.
    ///
    /// @param what names the text in the message of a failure
    /// @throws QuernException `INVALID` if it is no JSON of that type
    static <T> T read(String what, byte[] json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new QuernException(
                    ErrorKind.INVALID, what + " is not valid: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw QuernException.internal("reading JSON from memory failed", e);
        }
    }

    /// Reads an object of any members.
    ///
    /// @throws QuernException `INVALID` if it is no JSON object
    static Map<String, Object> readObject(String what, byte[] json) {
        try {
            Map<String, Object> object = MAPPER.readValue(json, OBJECT);
            if (object != null) {
                return object;
            }
            throw QuernException.invalid(what + " must be a JSON object, got null");
        } catch (JsonProcessingException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    what + " must be a JSON object: " + e.getOriginalMessage(),
                    e);
        } catch (IOException e) {
            throw QuernException.internal("reading JSON from memory failed", e);
        }
    }
}
