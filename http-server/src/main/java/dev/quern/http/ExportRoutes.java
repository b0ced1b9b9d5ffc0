package dev.quern.http;

import dev.quern.common.wire.ExportHead;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.IdType;
import dev.quern.vector.Row;
import dev.quern.vector.RowCursor;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Whole collections as lines of JSON: an [ExportHead], then every row at one moment as a flat row,
/// in no particular order. What the lines say can be written again by an upsert.
final class ExportRoutes {
    private static final String CONTENT_TYPE = "application/x-ndjson";
    private static final int BATCH_ROWS = 1_000;

    private final CollectionService collections;

    ExportRoutes(CollectionService collections) {
        this.collections = collections;
    }

    List<Route> routes() {
        return List.of(Route.of("GET", "/v1/collections/{collection}/export", this::export));
    }

    private Reply export(Request request) {
        Query query = request.query().allow("base64", "at");
        boolean base64 = query.flag("base64", false);
        CollectionRef ref = new CollectionRef(request.path("collection"), query.text("at"));
        return Reply.streamed(200, CONTENT_TYPE, sink -> write(request, ref, base64, sink));
    }

    private void write(Request request, CollectionRef ref, boolean base64, ResponseSink sink)
            throws IOException {
        try (RowCursor cursor = collections.cursor(request.space(), ref)) {
            CollectionSchema schema = cursor.collection().schema();
            line(sink, new ExportHead(SchemaWire.body(schema), cursor.collection().rows()));
            for (List<Row> rows = cursor.next(BATCH_ROWS);
                    !rows.isEmpty();
                    rows = cursor.next(BATCH_ROWS)) {
                for (Row row : rows) {
                    line(sink, flat(row, schema, base64));
                }
            }
        }
    }

    private static void line(ResponseSink sink, Object value) throws IOException {
        Json.write(sink, value);
        sink.write('\n');
    }

    /// A row with its fields by their names, as [FieldKind] reads it. Attributes whose names mean
    /// something else there are in `attributes`.
    private static Map<String, Object> flat(Row row, CollectionSchema schema, boolean base64) {
        Map<String, Object> flat = new LinkedHashMap<>();
        flat.put("id", schema.ids() == IdType.UINT64 ? new BigInteger(row.id()) : row.id());
        row.vectors()
                .forEach((name, vector) ->
                        flat.put(name, base64 ? encoded(vector) : new FloatList(vector)));
        flat.putAll(row.texts());
        row.expires().ifPresent(at -> flat.putIfAbsent(FlatRow.EXPIRES_AT, at.toString()));
        Map<String, Object> hidden = new TreeMap<>();
        CollectionWire.attributes(row.attributes())
                .forEach((name, value) -> {
                    boolean plain =
                            !FlatRow.CONTAINERS.contains(name)
                                    && !FlatRow.SAID.contains(name)
                                    && FieldKind.of(name, schema) == FieldKind.ATTRIBUTE;
                    (plain ? flat : hidden).put(name, value);
                });
        if (!hidden.isEmpty()) {
            flat.put(FlatRow.ATTRIBUTES, hidden);
        }
        return flat;
    }

    private static String encoded(float[] vector) {
        ByteBuffer bytes =
                ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
