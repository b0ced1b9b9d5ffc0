package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.common.SpaceId;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.IdType;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.RowCursor;
import dev.quern.vector.TextField;
import dev.quern.vector.VectorField;
import dev.quern.vector.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Collections that go out as lines of JSON and come back by upserts.
@Timeout(120)
final class ExportHttpTest extends WithServices {
    @Test
    void everyRowGoesOutAndComesBackExactly() throws Exception {
        long seed = Long.getLong("quern.test.seed", System.nanoTime());
        Random random = new Random(seed);
        TreeMap<String, AttributeType> attributes = new TreeMap<>();
        List.of(AttributeType.values()).forEach(type -> attributes.put("a " + type, type));
        attributes.put("vectors", AttributeType.STRING);
        attributes.put("text", AttributeType.LONG);
        for (IdType ids : IdType.values()) {
            CollectionSchema schema =
                    new CollectionSchema(
                            new TreeMap<>(
                                    Map.of(
                                            "vector",
                                            VectorField.of(3, Metric.COSINE, Optional.empty()))),
                            new TreeMap<>(Map.of("title", TextField.english())),
                            attributes,
                            true,
                            Optional.of(ids));
            create("out-" + ids, schema);
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                rows.add(row(random, ids, attributes));
            }
            services.http()
                    .collections()
                    .write(SpaceId.DEFAULT, "out-" + ids, WriteBatch.upsert(rows));
            for (String base64 : List.of("false", "true")) {
                String copy = "in-" + ids + "-" + base64;
                create(copy, schema);
                List<String> lines =
                        server.get("/v1/collections/out-" + ids + "/export?base64=" + base64)
                                .body()
                                .lines()
                                .toList();
                JsonNode head = Json.readTree(lines.getFirst().getBytes(StandardCharsets.UTF_8));
                assertThat(head.path("rows").asInt()).isEqualTo(lines.size() - 1);
                assertThat(head.path("schema").path("id").asText()).isEqualTo(ids.toString());
                assertThat(
                                server.post(
                                                "/v1/collections/" + copy + "/upsert",
                                                "{\"rows\":["
                                                        + String.join(
                                                                ",", lines.subList(1, lines.size()))
                                                        + "]}")
                                        .statusCode())
                        .isEqualTo(200);
                assertThat(describe(copy))
                        .as("rerun: ./quern test unit --seed %s", seed)
                        .isEqualTo(describe("out-" + ids))
                        .hasSizeGreaterThan(100);
            }
        }
        assertThat(server.get("/v1/collections/none/export").statusCode()).isEqualTo(404);
        assertThat(server.get("/v1/collections/out-string/export?base64=5").statusCode())
                .isEqualTo(400);
    }

    private static void create(String name, CollectionSchema schema) {
        services.http()
                .collections()
                .create(SpaceId.DEFAULT, new CollectionSpec(name, schema), false);
    }

    private static Row row(Random random, IdType ids, Map<String, AttributeType> types) {
        Map<String, Object> attributes = new TreeMap<>();
        types.forEach((name, type) -> {
            if (random.nextBoolean()) {
                attributes.put(name, value(random, type));
            }
        });
        return new Row(
                switch (ids) {
                    case STRING -> "\u00e9/#\"" + random.nextInt(1_000);
                    case UINT64 -> Long.toUnsignedString(random.nextLong());
                },
                Map.of("vector", new float[] {random.nextFloat(), 1, random.nextFloat() * 1e-30f}),
                random.nextBoolean()
                        ? Map.of()
                        : Map.of("title", "m\u00fchle\n" + random.nextInt()),
                attributes);
    }

    private static Object value(Random random, AttributeType type) {
        return switch (type) {
            case STRING -> random.nextBoolean() ? "" : "\u20ac \ud83d\ude00 " + random.nextInt();
            case LONG -> random.nextBoolean() ? Long.MIN_VALUE : random.nextLong();
            case DOUBLE -> random.nextBoolean() ? -0.0 : random.nextGaussian() * Double.MIN_NORMAL;
            case BOOL -> random.nextBoolean();
            case DATETIME -> Instant.ofEpochMilli(random.nextLong() >> 20);
            case STRINGS -> List.of("", value(random, AttributeType.STRING));
            case LONGS -> random.nextBoolean() ? List.of() : List.of(random.nextLong(), 1L);
            case DOUBLES -> List.of(1.0, value(random, AttributeType.DOUBLE));
            case BOOLS -> List.of(true, false);
            case DATETIMES -> List.of(value(random, AttributeType.DATETIME));
            case JSON ->
                    switch (random.nextInt(3)) {
                        case 0 -> "2026-11-22";
                        case 1 -> Arrays.asList(1L, 1.0, null, "x", Map.of("deep", List.of()));
                        default -> Map.of("n", 1.0, "attributes", 5L);
                    };
        };
    }

    private static List<String> describe(String collection) {
        TreeSet<String> rows = new TreeSet<>();
        try (RowCursor cursor = services.http().collections().cursor(SpaceId.DEFAULT, collection)) {
            for (Row row : cursor.next(100_000)) {
                rows.add(row.id() + row.texts() + row.attributes() + Arrays.toString(row.vector()));
            }
        }
        return List.copyOf(rows);
    }
}
