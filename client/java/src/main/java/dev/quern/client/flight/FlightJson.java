package dev.quern.client.flight;

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
import java.time.Instant;
import java.util.Map;

/// JSON that travels inside Flight messages; moments as RFC 3339 text.
final class FlightJson {
    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .addModule(
                            new SimpleModule()
                                    .addSerializer(Instant.class, ToStringSerializer.instance))
                    .build();
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private FlightJson() {}

    /// @param what names the value in the message of a failure
    static byte[] write(String what, Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new QuernException(ErrorKind.INVALID, what + " cannot be written as JSON", e);
        }
    }

    static <T> T read(byte[] json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (IOException e) {
            throw QuernException.internal(
                    "server acknowledged with something that is not a " + type.getSimpleName(), e);
        }
    }

    /// @param what names the value in the message of a failure
    static Map<String, Object> object(String what, byte[] json) {
        try {
            return MAPPER.readValue(json, OBJECT);
        } catch (IOException e) {
            throw new QuernException(ErrorKind.CORRUPT, what + " are not a JSON object", e);
        }
    }
}
