package dev.quern.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The JSON of the API: field names in snake_case, null fields left out. Reading is strict: no
/// unknown or repeated field, no text for a number or the reverse, no number that is not finite,
/// nothing after the value, at most [#MAX_DEPTH] levels; every refusal names the field.
final class Json {
    /// Levels of lists and objects within each other.
    static final int MAX_DEPTH = 200;

    private static final JsonMapper MAPPER = mapper();

    private Json() {}

    /// Reads a record and checks that every field that is not `@Nullable` is there.
    ///
    /// @throws QuernException `INVALID` naming the field, what was expected and what came
    /// @throws IOException only if `in` fails
    static <T extends Record> T read(InputStream in, Class<T> type) throws IOException {
        T value;
        try {
            value = MAPPER.readValue(in, type);
        } catch (JsonProcessingException e) {
            throw JsonErrors.explain(e);
        }
        RecordCheck.requireComplete(value);
        return value;
    }

    /// Reads any JSON value.
    ///
    /// @throws IOException if it is not JSON by the rules above
    static JsonNode readTree(byte[] json) throws IOException {
        return MAPPER.readTree(json);
    }

    /// Writes a value; does not close `out`.
    static void write(OutputStream out, Object value) throws IOException {
        MAPPER.writeValue(out, value);
    }

    static byte[] bytes(@Nullable Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw QuernException.internal("cannot write JSON", e);
        }
    }

    static String text(Object value) {
        return new String(bytes(value), StandardCharsets.UTF_8);
    }

    private static JsonMapper mapper() {
        JsonFactory factory =
                JsonFactory.builder()
                        .streamReadConstraints(
                                StreamReadConstraints.builder()
                                        .maxNestingDepth(MAX_DEPTH)
                                        .maxStringLength(1 << 30)
                                        .maxNameLength(4096)
                                        .build())
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                        .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                        .build();
        JsonMapper.Builder builder =
                JsonMapper.builder(factory)
                        .addModule(JsonNumbers.module())
                        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                        .defaultPropertyInclusion(
                                JsonInclude.Value.construct(
                                        JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
                        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        builder.withCoercionConfig(
                LogicalType.Textual,
                textual -> {
                    textual.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
                    textual.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
                    textual.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
                });
        return builder.build();
    }
}
