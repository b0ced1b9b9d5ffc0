package dev.quern.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.jsontype.TypeDeserializer;
import com.fasterxml.jackson.databind.module.SimpleDeserializers;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.type.CollectionType;
import java.io.IOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How numbers are read and written: floating-point ones must be JSON numbers (never the string
/// `"NaN"`) and finite in their type (`1e39` is no float); a list of floats is a [FloatList], which
/// may come as base64 as well.
final class JsonNumbers {
    private JsonNumbers() {}

    static SimpleModule module() {
        SimpleModule module = new SimpleModule("quern-numbers");
        module.setDeserializers(new FloatLists());
        module.addDeserializer(Double.class, new DoubleReader());
        module.addDeserializer(double.class, new DoubleReader());
        module.addSerializer(new FloatListWriter());
        return module;
    }

    private static final class FloatLists extends SimpleDeserializers {
        @Serial private static final long serialVersionUID = 1L;

        @Override
        public @Nullable JsonDeserializer<?> findCollectionDeserializer(
                CollectionType type,
                DeserializationConfig config,
                BeanDescription description,
                @Nullable TypeDeserializer elementTypes,
                @Nullable JsonDeserializer<?> elements)
                throws JsonMappingException {
            if (type.getContentType().hasRawClass(Float.class)) {
                return new FloatListReader();
            }
            return super.findCollectionDeserializer(
                    type, config, description, elementTypes, elements);
        }
    }

    private static final class DoubleReader extends StdDeserializer<Double> {
        @Serial private static final long serialVersionUID = 1L;

        DoubleReader() {
            super(Double.class);
        }

        @Override
        public Double deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            double value = number(parser, context, Double.class).getDoubleValue();
            if (!Double.isFinite(value)) {
                throw notFinite(parser, Double.class);
            }
            return value;
        }
    }

    private static final class FloatListReader extends StdDeserializer<List<Float>> {
        @Serial private static final long serialVersionUID = 1L;

        FloatListReader() {
            super(List.class);
        }

        @Override
        public List<Float> deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            return readFloats(parser, context);
        }
    }

    /// Reads a vector: a list of numbers, or base64 of its little-endian float32.
    static FloatList readFloats(JsonParser parser, DeserializationContext context)
            throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return decodeFloats(parser);
        }
        if (!parser.isExpectedStartArrayToken()) {
            context.reportInputMismatch(List.class, "not a list");
        }
        float[] values = new float[384];
        int count = takeFloats(parser, values, 0);
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (count == values.length) {
                values = Arrays.copyOf(values, count * 2);
            }
            try {
                values[count] = finite(parser, context);
            } catch (JsonMappingException e) {
                throw JsonMappingException.wrapWithPath(e, values, count);
            }
            count++;
            count += takeFloats(parser, values, count);
        }
        return new FloatList(count == values.length ? values : Arrays.copyOf(values, count));
    }

    /// Those that need no token each.
    private static int takeFloats(JsonParser parser, float[] values, int from) {
        return parser instanceof VectorJsonParser vectors ? vectors.takeFloats(values, from) : 0;
    }

    private static float finite(JsonParser parser, DeserializationContext context)
            throws IOException {
        float value = number(parser, context, Float.class).getFloatValue();
        if (!Float.isFinite(value)) {
            throw notFinite(parser, Float.class);
        }
        return value;
    }

    private static FloatList decodeFloats(JsonParser parser) throws IOException {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(parser.getText());
        } catch (IllegalArgumentException e) {
            throw new FieldException(
                    parser, "must be a list of numbers, or base64 of float32: " + e.getMessage());
        }
        if (bytes.length % Float.BYTES != 0) {
            throw new FieldException(
                    parser,
                    "must be base64 of float32, 4 bytes each; got " + bytes.length + " bytes");
        }
        float[] values = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw JsonMappingException.wrapWithPath(
                        new FieldException(parser, "must be a finite number"), values, i);
            }
        }
        return new FloatList(values);
    }

    private static JsonParser number(
            JsonParser parser, DeserializationContext context, Class<?> type) throws IOException {
        JsonToken token = parser.currentToken();
        if (token != JsonToken.VALUE_NUMBER_FLOAT && token != JsonToken.VALUE_NUMBER_INT) {
            context.reportInputMismatch(type, "not a number");
        }
        return parser;
    }

    private static MismatchedInputException notFinite(JsonParser parser, Class<?> type)
            throws IOException {
        return new NotFiniteException(parser, type, parser.getText());
    }

    /// A number that its type cannot hold.
    static final class NotFiniteException extends MismatchedInputException {
        @Serial private static final long serialVersionUID = 1L;

        NotFiniteException(JsonParser parser, Class<?> type, String text) {
            super(parser, "not finite: " + text, type);
        }
    }

    private static final class FloatListWriter extends StdSerializer<FloatList> {
        @Serial private static final long serialVersionUID = 1L;

        FloatListWriter() {
            super(FloatList.class);
        }

        @Override
        public void serialize(FloatList list, JsonGenerator out, SerializerProvider provider)
                throws IOException {
            float[] values = list.values();
            out.writeStartArray(list, values.length);
            for (float value : values) {
                out.writeNumber(value);
            }
            out.writeEndArray();
        }
    }
}
