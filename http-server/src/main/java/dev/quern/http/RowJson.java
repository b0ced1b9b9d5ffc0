package dev.quern.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.quern.common.wire.DeleteRows;
import dev.quern.common.wire.PatchRows;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.UpsertResult;
import dev.quern.common.wire.UpsertRows;
import java.io.IOException;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How rows and ids are read and written: rows with fields by their names, columns, and ids that
/// are numbers. What the collection has to do with it is in the attribute [#READING] of a read,
/// [#NUMBERS] of a write.
final class RowJson {
    /// A [RowReading]; required where rows or ids are read.
    static final String READING = "reading";

    /// Present when ids are written as numbers.
    static final String NUMBERS = "numbers";

    private RowJson() {}

    static SimpleModule module() {
        SimpleModule module = new SimpleModule("quern-rows");
        module.addDeserializer(RowBody.class, new RowReader());
        module.setMixInAnnotation(UpsertRows.class, Columned.class);
        module.setMixInAnnotation(PatchRows.class, Patching.class);
        module.setMixInAnnotation(UpsertResult.class, Skipping.class);
        module.setMixInAnnotation(DeleteRows.class, WithIds.class);
        module.setMixInAnnotation(RowBody.class, WithId.class);
        module.setMixInAnnotation(SearchHit.class, WithId.class);
        return module;
    }

    @SuppressWarnings("UnusedMethod") // for its annotation
    private interface Columned {
        @JsonDeserialize(using = ColumnsReader.class)
        Map<String, Object> columns();
    }

    @SuppressWarnings("UnusedMethod") // for its annotation
    private interface Patching extends Columned {
        @JsonDeserialize(using = SetReader.class)
        Map<String, Object> set();
    }

    @SuppressWarnings("UnusedMethod") // for its annotation
    private interface Skipping {
        @JsonSerialize(contentUsing = IdWriter.class)
        List<String> skippedIds();
    }

    @SuppressWarnings("UnusedMethod") // for its annotation
    private interface WithIds {
        @JsonDeserialize(contentUsing = IdReader.class)
        List<String> ids();
    }

    @SuppressWarnings("UnusedMethod") // for its annotation
    private interface WithId {
        @JsonSerialize(using = IdWriter.class)
        String id();
    }

    private static RowReading reading(DeserializationContext context) {
        if (context.getAttribute(READING) instanceof RowReading reading) {
            return reading;
        }
        throw new IllegalStateException("rows are read without their collection");
    }

    /// A value of a field, as the schema has the field.
    private static @Nullable Object value(
            String name, JsonParser parser, DeserializationContext context) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        if (reading(context).isSaid(name)) {
            return said(name, parser, context);
        }
        return switch (FieldKind.of(name, reading(context).schema())) {
            case ID -> reading(context).id(parser, context);
            case VECTOR -> JsonNumbers.readFloats(parser, context);
            case TEXT -> context.readValue(parser, String.class);
            case ATTRIBUTE -> context.readValue(parser, Object.class);
        };
    }

    /// What a row says of itself.
    private static Object said(String name, JsonParser parser, DeserializationContext context)
            throws IOException {
        return switch (name) {
            case FlatRow.EXPIRES_AT -> context.readValue(parser, String.class);
            case FlatRow.IF_ABSENT -> context.readValue(parser, Boolean.class);
            case FlatRow.VERSION ->
                    throw new FieldException(
                            parser,
                            "is what an answer says: use 'if_version' for a condition, 'attributes'"
                                    + " for an attribute of this name");
            default -> context.readValue(parser, Long.class);
        };
    }

    private static final class RowReader extends StdDeserializer<RowBody> {
        @Serial private static final long serialVersionUID = 1L;

        RowReader() {
            super(RowBody.class);
        }

        @Override
        public RowBody deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(RowBody.class, "no object");
            }
            FlatRow row = new FlatRow(reading(context));
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                try {
                    read(row, name, parser, context);
                } catch (JsonMappingException e) {
                    throw JsonMappingException.wrapWithPath(e, RowBody.class, name);
                }
            }
            return row.body();
        }

        private static void read(
                FlatRow row, String name, JsonParser parser, DeserializationContext context)
                throws IOException {
            if (FlatRow.CONTAINERS.contains(name)) {
                readContainer(row, name, parser, context);
            } else {
                put(row, name, value(name, parser, context), parser);
            }
        }

        /// `attributes`, `texts`, `vectors`: fields that are said to be of this kind.
        private static void readContainer(
                FlatRow row, String container, JsonParser parser, DeserializationContext context)
                throws IOException {
            if (parser.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(Map.class, "no object");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                try {
                    Object value =
                            switch (container) {
                                case FlatRow.VECTORS -> JsonNumbers.readFloats(parser, context);
                                case FlatRow.TEXTS -> context.readValue(parser, String.class);
                                default -> context.readValue(parser, Object.class);
                            };
                    if (value == null && !reading(context).isPatch()) {
                        throw new FieldException(parser, "must not be null");
                    }
                    if (!row.putIn(container, name, value)) {
                        throw new FieldException(parser, "is given twice");
                    }
                } catch (JsonMappingException e) {
                    throw JsonMappingException.wrapWithPath(e, Map.class, name);
                }
            }
        }

        private static void put(FlatRow row, String name, @Nullable Object value, JsonParser parser)
                throws FieldException {
            boolean removes = value == null && row.isRemovable(name);
            if ((value != null || removes) && !row.put(name, value)) {
                throw new FieldException(parser, "is given twice");
            }
        }
    }

    /// Lists by the name of a field.
    private static final class ColumnsReader extends StdDeserializer<Map<String, Object>> {
        @Serial private static final long serialVersionUID = 1L;

        ColumnsReader() {
            super(Map.class);
        }

        @Override
        public Map<String, Object> deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(Map.class, "no object");
            }
            Map<String, Object> columns = new TreeMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                try {
                    columns.put(name, column(name, parser, context));
                } catch (JsonMappingException e) {
                    throw JsonMappingException.wrapWithPath(e, Map.class, name);
                }
            }
            return columns;
        }

        @SuppressWarnings("NullAway") // columns hold nulls
        private static List<@Nullable Object> column(
                String name, JsonParser parser, DeserializationContext context) throws IOException {
            if (FlatRow.CONTAINERS.contains(name)) {
                throw new FieldException(parser, "is no column: name each field by itself");
            }
            if (!parser.isExpectedStartArrayToken()) {
                context.reportInputMismatch(List.class, "no list");
            }
            List<@Nullable Object> values = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                try {
                    values.add(value(name, parser, context));
                } catch (JsonMappingException e) {
                    throw JsonMappingException.wrapWithPath(e, values, values.size());
                }
            }
            return values;
        }
    }

    /// Values by the name of a field.
    private static final class SetReader extends StdDeserializer<Map<String, Object>> {
        @Serial private static final long serialVersionUID = 1L;

        SetReader() {
            super(Map.class);
        }

        @Override
        @SuppressWarnings("NullAway") // null removes a field
        public Map<String, Object> deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(Map.class, "no object");
            }
            Map<String, @Nullable Object> set = new TreeMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                try {
                    if (!new FlatRow(reading(context)).isSettable(name)) {
                        throw new FieldException(parser, "is no field to set");
                    }
                    set.put(name, value(name, parser, context));
                } catch (JsonMappingException e) {
                    throw JsonMappingException.wrapWithPath(e, Map.class, name);
                }
            }
            return set;
        }
    }

    private static final class IdReader extends StdDeserializer<String> {
        @Serial private static final long serialVersionUID = 1L;

        IdReader() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            return reading(context).id(parser, context);
        }
    }

    private static final class IdWriter extends StdSerializer<String> {
        @Serial private static final long serialVersionUID = 1L;

        IdWriter() {
            super(String.class);
        }

        @Override
        public void serialize(String id, JsonGenerator out, SerializerProvider provider)
                throws IOException {
            if (provider.getAttribute(NUMBERS) == null) {
                out.writeString(id);
            } else {
                out.writeNumber(id);
            }
        }
    }
}
