package dev.quern.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// The wire's JSON: snake_case, absent for null, vectors as base64, unknown fields ignored so that
/// a newer server can say more.
final class Json {
    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .defaultPropertyInclusion(
                            JsonInclude.Value.construct(
                                    JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
                    .disable(JsonParser.Feature.AUTO_CLOSE_SOURCE)
                    .addModule(VectorSerializer.module())
                    .build();

    private Json() {}

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "value cannot be written as JSON: " + e.getOriginalMessage(),
                    e);
        }
    }

    /// Reads one value.
    ///
    /// @throws IOException also when the bytes are not the JSON of a `type`
    static <T> T read(InputStream bytes, Class<T> type) throws IOException {
        return MAPPER.readValue(bytes, type);
    }

    static <T> T read(byte[] bytes, Class<T> type) throws IOException {
        return MAPPER.readValue(bytes, type);
    }

    /// Values one after another, as in NDJSON; read as they arrive.
    static <T> MappingIterator<T> readAll(InputStream bytes, Class<T> type) throws IOException {
        return MAPPER.readerFor(type).readValues(bytes);
    }

    /// Turns maps, lists and plain values, as Jackson reads them, into a `type`.
    static <T> T convert(@Nullable Object value, Class<T> type) {
        try {
            return MAPPER.convertValue(value, type);
        } catch (IllegalArgumentException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "value is not a " + type.getSimpleName() + ": " + e.getMessage(),
                    e);
        }
    }
}
