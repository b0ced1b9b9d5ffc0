package dev.quern.client;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.BeanSerializerModifier;
import com.fasterxml.jackson.databind.type.CollectionType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// Writes a vector, a `List<Float>` of a request, as base64 of its little-endian float32: a third
/// of the bytes of decimals, and both sides are quicker with it. A list that holds null is written
/// as a list, for the server to name what is wrong with it.
final class VectorSerializer extends JsonSerializer<List<Float>> {
    /// Has a mapper write vectors so.
    static SimpleModule module() {
        return new SimpleModule("vectors").setSerializerModifier(new Modifier());
    }

    private static final class Modifier extends BeanSerializerModifier {
        private static final long serialVersionUID = 1;

        @Override
        public JsonSerializer<?> modifyCollectionSerializer(
                SerializationConfig config,
                CollectionType type,
                BeanDescription description,
                JsonSerializer<?> serializer) {
            return type.getContentType().hasRawClass(Float.class)
                    ? new VectorSerializer()
                    : serializer;
        }
    }

    @Override
    public void serialize(
            List<Float> vector, JsonGenerator generator, SerializerProvider serializers)
            throws IOException {
        ByteBuffer bytes =
                ByteBuffer.allocate(vector.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (Float value : vector) {
            if (value == null) {
                writeList(vector, generator);
                return;
            }
            bytes.putFloat(value);
        }
        generator.writeBinary(bytes.array());
    }

    private static void writeList(List<Float> vector, JsonGenerator generator) throws IOException {
        generator.writeStartArray();
        for (Float value : vector) {
            if (value == null) {
                generator.writeNull();
            } else {
                generator.writeNumber(value);
            }
        }
        generator.writeEndArray();
    }
}
