package dev.quern.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import dev.quern.common.QuernException;
import dev.quern.vector.IdType;
import java.io.ByteArrayOutputStream;
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

    /// Requests whose buffers are kept for others. By default each thread keeps its own, which is
    /// of no use to a virtual one.
    private static final int MAX_IDLE_BUFFERS = 64;

    private static final int FIRST_BYTES = 2 << 10;

    private static final JsonMapper MAPPER = mapper();

    private Json() {}

    /// Reads a record and checks that every field that is not `@Nullable` is there.
    ///
    /// @throws QuernException `INVALID` naming the field, what was expected and what came
    /// @throws IOException only if `in` fails
    static <T extends Record> T read(InputStream in, Class<T> type) throws IOException {
        return read(in, type, MAPPER.reader());
    }

    /// Reads a record that has rows or ids of a collection.
    ///
    /// @throws QuernException as [#read(InputStream, Class)]
    static <T extends Record> T read(InputStream in, Class<T> type, RowReading rows)
            throws IOException {
        return read(in, type, MAPPER.reader().withAttribute(RowJson.READING, rows));
    }

    private static <T extends Record> T read(InputStream in, Class<T> type, ObjectReader reader)
            throws IOException {
        @Nullable T value;
        try (JsonParser parser = reader.createParser(in)) {
            value = parse(parser, type, reader);
        }
        if (value == null) {
            throw QuernException.invalid("the body must be an object, got null");
        }
        RecordCheck.requireComplete(value);
        return value;
    }

    /// The parser must still be open when an error is explained: it knows what came.
    private static <T> @Nullable T parse(JsonParser parser, Class<T> type, ObjectReader reader)
            throws IOException {
        try {
            return reader.readValue(parser, type);
        } catch (JsonProcessingException e) {
            throw JsonErrors.explain(e);
        }
    }

    /// Reads any JSON value.
    ///
    /// @throws IOException if it is not JSON by the rules above
    static JsonNode readTree(byte[] json) throws IOException {
        return MAPPER.readTree(json);
    }

    /// Checks that bytes are one JSON value by the rules above, without keeping it.
    ///
    /// @throws QuernException `INVALID` saying where they are not
    static void requireValue(byte[] json) {
        try (JsonParser parser = MAPPER.createParser(json)) {
            if (parser.nextToken() == null) {
                throw QuernException.invalid("a JSON value is required, got nothing");
            }
            parser.skipChildren();
            if (parser.nextToken() != null) {
                throw QuernException.invalid("one JSON value is required, more came after it");
            }
        } catch (JsonProcessingException e) {
            throw JsonErrors.explain(e);
        } catch (IOException e) {
            throw QuernException.internal("cannot read an array", e);
        }
    }

    /// Writes a value; does not close `out`.
    static void write(OutputStream out, Object value) throws IOException {
        MAPPER.writeValue(out, value);
    }

    /// Writes rows of a collection; does not close `out`.
    static void writeRows(OutputStream out, Object value, IdType ids) throws IOException {
        if (ids == IdType.UINT64) {
            MAPPER.writer().withAttribute(RowJson.NUMBERS, true).writeValue(out, value);
        } else {
            write(out, value);
        }
    }

    /// Rows of a collection.
    static byte[] rows(Object value, IdType ids) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(FIRST_BYTES);
        try {
            writeRows(out, value, ids);
        } catch (IOException e) {
            throw QuernException.internal("cannot write JSON", e);
        }
        return out.toByteArray();
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
        JsonFactoryBuilder factory =
                new JsonFactoryBuilder()
                        .recyclerPool(JsonRecyclerPools.newBoundedPool(MAX_IDLE_BUFFERS))
                        .streamReadConstraints(
                                StreamReadConstraints.builder()
                                        .maxNestingDepth(MAX_DEPTH)
                                        .maxStringLength(1 << 30)
                                        .maxNameLength(4096)
                                        .build())
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                        .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                        .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                        .disable(StreamWriteFeature.FLUSH_PASSED_TO_STREAM);
        JsonMapper.Builder builder =
                JsonMapper.builder(new VectorJsonFactory(factory))
                        .addModule(JsonNumbers.module())
                        .addModule(RowJson.module())
                        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                        .defaultPropertyInclusion(
                                JsonInclude.Value.construct(
                                        JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
                        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
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
