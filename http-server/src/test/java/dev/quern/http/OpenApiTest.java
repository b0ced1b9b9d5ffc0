package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.common.wire.CallBody;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `openapi.json` against the router and the wire records: neither has anything that the other has
/// not.
final class OpenApiTest {
    /// Records of this module that are bodies, by the name of their schema.
    private static final Map<String, Class<?>> OWN =
            Map.ofEntries(
                    Map.entry("StatusBody", SystemRoutes.StatusBody.class),
                    Map.entry("StagedRemoval", VolumeWire.StagedRemoval.class),
                    Map.entry("StagedBody", VolumeWire.StagedBody.class),
                    Map.entry("EmbeddingRequest", EmbeddingWire.EmbeddingRequest.class),
                    Map.entry("EmbeddingList", EmbeddingWire.EmbeddingList.class),
                    Map.entry("Embedding", EmbeddingWire.Embedding.class),
                    Map.entry("Usage", EmbeddingWire.Usage.class),
                    Map.entry("ModelList", EmbeddingWire.ModelList.class),
                    Map.entry("Model", EmbeddingWire.Model.class),
                    Map.entry("OpenAiError", OpenAiErrors.Body.class),
                    Map.entry("OpenAiErrorDetail", OpenAiErrors.Detail.class));

    /// Always in answers, ignored in requests.
    private static final Set<String> OPTIONAL_PRIMITIVES = Set.of("Payload.size_bytes");

    /// Nullable, but written as null rather than left out.
    private static final Set<String> REQUIRED_NULLABLE =
            Set.of("OpenAiErrorDetail.param", "OpenAiErrorDetail.code");

    /// What may come as another type, too: ids as numbers, vectors as base64.
    private static final Map<String, String> ALTERNATIVES =
            Map.of(
                    "RowBody.id", "integer",
                    "SearchHit.id", "integer",
                    "UpsertResult.skipped_ids[]", "integer",
                    "DeleteRows.ids[]", "integer",
                    "RowBody.vector", "string",
                    "SearchDense.vector", "string",
                    "SearchRows.vector", "string");

    private final JsonNode document = load();

    private static JsonNode load() {
        try (InputStream in = OpenApiTest.class.getResourceAsStream("openapi.json")) {
            assertThat(in).isNotNull();
            return Json.readTree(in.readAllBytes());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void documentsExactlyTheRoutes(@TempDir Path folder) {
        Map<String, Set<String>> routed = new TreeMap<>();
        try (Services services = new Services(folder);
                TestServer server = TestServer.of(services.http())) {
            for (Route route : server.server.router().routes()) {
                routed.computeIfAbsent(route.template().replace("...}", "}"), _ -> new TreeSet<>())
                        .add(route.method().toLowerCase(Locale.ROOT));
            }
        }
        Map<String, Set<String>> documented = new TreeMap<>();
        document.path("paths")
                .properties()
                .forEach(path -> {
                    Set<String> methods = new TreeSet<>();
                    path.getValue().fieldNames().forEachRemaining(methods::add);
                    documented.put(path.getKey(), methods);
                });
        assertThat(documented).isEqualTo(routed);
    }

    @Test
    void namesEveryPathParameterAndKeepsIdsUnique() {
        Set<String> ids = new TreeSet<>();
        document.path("paths")
                .properties()
                .forEach(path ->
                        path.getValue()
                                .properties()
                                .forEach(operation -> {
                                    checkParameters(path.getKey(), operation.getValue());
                                    assertThat(
                                                    ids.add(
                                                            operation
                                                                    .getValue()
                                                                    .path("operationId")
                                                                    .asText()))
                                            .isTrue();
                                }));
    }

    private static void checkParameters(String path, JsonNode operation) {
        Set<String> inPath = new TreeSet<>();
        for (JsonNode parameter : operation.path("parameters")) {
            if (parameter.path("in").asText().equals("path")) {
                inPath.add(parameter.path("name").asText());
                assertThat(parameter.path("required").asBoolean()).isTrue();
            }
        }
        Set<String> inTemplate = new TreeSet<>();
        for (String segment : path.split("/", -1)) {
            if (segment.startsWith("{")) {
                inTemplate.add(segment.substring(1, segment.length() - 1));
            }
        }
        assertThat(inPath).as(path).isEqualTo(inTemplate);
    }

    @Test
    void everyReferenceHasATarget() {
        for (String reference : references(document)) {
            assertThat(document.at(reference.substring(1)).isMissingNode()).as(reference).isFalse();
        }
    }

    private static List<String> references(JsonNode node) {
        List<String> found = new ArrayList<>(node.findValuesAsText("$ref"));
        assertThat(found).isNotEmpty();
        return found;
    }

    @Test
    void schemasAreTheWireRecords() throws Exception {
        Map<String, Class<?>> records = new HashMap<>(OWN);
        for (Class<?> type : wireRecords()) {
            records.put(type.getSimpleName(), type);
        }
        JsonNode schemas = document.path("components").path("schemas");
        Set<String> documented = new TreeSet<>();
        schemas.fieldNames().forEachRemaining(documented::add);
        assertThat(documented).isEqualTo(new TreeSet<>(records.keySet()));
        records.forEach((name, type) -> checkRecord(name, type, schemas.path(name)));
    }

    private static void checkRecord(String name, Class<?> type, JsonNode schema) {
        Set<String> properties = new TreeSet<>();
        schema.path("properties").fieldNames().forEachRemaining(properties::add);
        Set<String> components = new TreeSet<>();
        Set<String> required = new TreeSet<>();
        for (RecordComponent component : type.getRecordComponents()) {
            String wire = RecordCheck.wireName(component.getName());
            String full = name + "." + wire;
            components.add(wire);
            boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            if (REQUIRED_NULLABLE.contains(full)
                    || (!nullable && !OPTIONAL_PRIMITIVES.contains(full))) {
                required.add(wire);
            }
            checkType(
                    full,
                    component.getGenericType(),
                    schema.path("properties").path(wire),
                    nullable);
        }
        assertThat(properties).as(name).isEqualTo(components);
        Set<String> documented = new TreeSet<>();
        schema.path("required").forEach(field -> documented.add(field.asText()));
        assertThat(documented).as("required fields of %s", name).isEqualTo(required);
    }

    private static void checkType(String name, Type type, JsonNode schema, boolean nullable) {
        JsonNode kind = schema.path("type");
        if (type == Object.class) {
            assertThat(kind.isMissingNode()).as(name).isTrue();
            return;
        }
        String json = jsonType(type);
        if (json.equals("record")) {
            String reference = "#/components/schemas/" + schemaName((Class<?>) type);
            assertThat(schema.findValuesAsText("$ref")).as(name).containsExactly(reference);
            return;
        }
        Set<String> kinds = new TreeSet<>();
        if (kind.isArray()) {
            kind.forEach(k -> kinds.add(k.asText()));
        } else {
            kinds.add(kind.asText());
        }
        Set<String> expected = new TreeSet<>(Set.of(json));
        if (nullable) {
            expected.add("null");
        }
        if (ALTERNATIVES.containsKey(name)) {
            expected.add(ALTERNATIVES.get(name));
        }
        assertThat(kinds).as(name).isEqualTo(expected);
        if (json.equals("array")) {
            Type element = ((ParameterizedType) type).getActualTypeArguments()[0];
            checkType(name + "[]", element, schema.path("items"), false);
        }
    }

    private static String schemaName(Class<?> type) {
        return OWN.entrySet().stream()
                .filter(entry -> entry.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(type.getSimpleName());
    }

    private static String jsonType(Type type) {
        if (type instanceof ParameterizedType generic) {
            return generic.getRawType() == List.class ? "array" : "object";
        }
        Class<?> raw = (Class<?>) type;
        if (raw == String.class) {
            return "string";
        } else if (raw == boolean.class || raw == Boolean.class) {
            return "boolean";
        } else if (raw == int.class
                || raw == Integer.class
                || raw == long.class
                || raw == Long.class) {
            return "integer";
        } else if (raw == double.class || raw == Double.class || raw == Float.class) {
            return "number";
        }
        assertThat(raw.isRecord()).as("%s", raw).isTrue();
        return "record";
    }

    private static List<Class<?>> wireRecords()
            throws URISyntaxException, IOException, ClassNotFoundException {
        URI place = CallBody.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        String folder = "dev/quern/common/wire";
        if (Files.isDirectory(Path.of(place))) {
            return records(Path.of(place).resolve(folder));
        }
        try (FileSystem jar = FileSystems.newFileSystem(Path.of(place))) {
            return records(jar.getPath(folder));
        }
    }

    private static List<Class<?>> records(Path folder) throws IOException, ClassNotFoundException {
        List<Class<?>> records = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".class") && !name.startsWith("package-info")) {
                    records.add(
                            Class.forName("dev.quern.common.wire." + name.replace(".class", "")));
                }
            }
        }
        return records;
    }
}
