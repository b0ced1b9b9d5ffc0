package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.FieldTuningBody;
import dev.quern.common.wire.PatchRows;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.SchemaBody;
import dev.quern.common.wire.SearchDense;
import dev.quern.common.wire.SearchFusion;
import dev.quern.common.wire.SearchLeg;
import dev.quern.common.wire.SearchResult;
import dev.quern.common.wire.SearchRows;
import dev.quern.common.wire.SyncCollection;
import dev.quern.common.wire.SyncEvent;
import dev.quern.common.wire.TuneCollection;
import dev.quern.common.wire.TuneStep;
import dev.quern.common.wire.UpsertResult;
import dev.quern.common.wire.UpsertRows;
import dev.quern.common.wire.VectorFieldBody;
import dev.quern.common.wire.VectorIndexBody;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class CollectionsTest {
    private FakeServer server;
    private QuernClient client;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        client = new QuernClient(server.client().config());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static String event(String type, String more) {
        return "{\"type\":\""
                + type
                + "\",\"commit\":\"c\",\"files_total\":2,\"files_done\":1,\"files_skipped\":0,"
                + "\"files_deleted\":0,\"rows_upserted\":5,\"rows_deleted\":0,\"tokens\":9,"
                + "\"seconds\":0.5,\"skipped\":[]"
                + more
                + "}\n";
    }

    @Test
    void createsWithoutWhatWasNotSaid() {
        server.answer(
                201,
                "{\"name\":\"docs\",\"id\":\"i\",\"created_at\":\"t\",\"dims\":3,"
                        + "\"metric\":\"cosine\",\"schema\":{},\"rows\":0}");
        client.collections().create(new CreateCollection("docs", 3, null, null, true));
        assertThat(server.last().body())
                .isEqualTo("{\"name\":\"docs\",\"dims\":3,\"if_not_exists\":true}");
    }

    @Test
    void writesAndFindsRows() {
        server.answer(200, "{\"upserted\":1,\"token\":7}")
                .answer(
                        200,
                        "{\"hits\":[{\"id\":\"a\",\"score\":0.5,\"attributes\":{\"line\":3}}],"
                                + "\"mode\":\"hybrid\",\"took_ms\":1.5,\"rows\":1}");
        RowBody row = new RowBody("a", "hello", List.of(1f, 2f), Map.of("line", 3));
        assertThat(client.collections().upsert("docs", List.of(row)).token()).isEqualTo(7);
        assertThat(server.last().body())
                .isEqualTo(
                        "{\"rows\":[{\"id\":\"a\",\"text\":\"hello\",\"vector\":\"AACAPwAAAEA=\","
                                + "\"attributes\":{\"line\":3}}]}");
        SearchResult result =
                client.collections()
                        .search(
                                "docs",
                                new SearchRows(
                                        null,
                                        "hello",
                                        null,
                                        5,
                                        Map.of("eq", List.of("line", 3)),
                                        null,
                                        null));
        assertThat(result.hits().getFirst().attributes()).isEqualTo(Map.of("line", 3));
        assertThat(server.last().body())
                .isEqualTo("{\"text\":\"hello\",\"limit\":5,\"filter\":{\"eq\":[\"line\",3]}}");
    }

    @Test
    void sendsVectorsAsBase64AndWhatIsNoneAsItIs() {
        server.answer(200, "{\"upserted\":2,\"token\":7}");
        RowBody named =
                new RowBody("a", null, null, null, null, Map.of("v", List.of(-0.5f, Float.NaN)));
        RowBody broken = new RowBody("b", null, Arrays.asList(1f, null), null);
        client.collections().upsert("docs", List.of(named, broken));
        assertThat(server.last().body())
                .isEqualTo(
                        "{\"rows\":[{\"id\":\"a\",\"vectors\":{\"v\":\"AAAAvwAAwH8=\"}},"
                                + "{\"id\":\"b\",\"vector\":[1.0,null]}]}");
    }

    @Test
    void writesFieldsByTheirNamesAndReadsNumbersAsIds() {
        server.answer(200, "{\"upserted\":1,\"token\":7}")
                .answer(200, "{\"upserted\":2,\"token\":8,\"performance\":{\"server_ms\":1.5}}")
                .answer(200, "{\"id\":18446744073709551615,\"attributes\":{}}");
        client.collections().upsertFields("docs", List.of(Map.of("vector", new float[] {1, 0.1f})));
        assertThat(server.last().body()).isEqualTo("{\"rows\":[{\"vector\":[1.0,0.1]}]}");
        double cost =
                client.collections()
                        .upsertColumns("docs", Map.of("id", new long[] {1, 2}))
                        .performance()
                        .serverMs();
        assertThat(cost).isEqualTo(1.5);
        assertThat(server.last().body()).isEqualTo("{\"columns\":{\"id\":[1,2]}}");
        assertThat(client.collections().row("docs", "18446744073709551615").id())
                .isEqualTo("18446744073709551615");
    }

    @Test
    void addsFieldsAndSearchesThem() {
        server.answer(
                        200,
                        "{\"name\":\"docs\",\"id\":\"i\",\"created_at\":\"t\",\"rows\":0,"
                                + "\"schema\":{\"vectors\":{\"v\":{\"dims\":2,\"metric\":\"l2\"}}}}")
                .answer(200, "{\"hits\":[],\"mode\":\"dense\",\"took_ms\":1,\"rows\":0}");
        SchemaBody more =
                new SchemaBody(
                        Map.of("v", new VectorFieldBody(2, "l2", null, null)), null, null, true);
        CollectionBody grown = client.collections().addFields("docs", more);
        assertThat(server.last().method()).isEqualTo("PATCH");
        assertThat(server.last().body())
                .isEqualTo("{\"vectors\":{\"v\":{\"dims\":2,\"metric\":\"l2\"}},\"strict\":true}");
        assertThat(grown.dims()).isNull();
        assertThat(grown.schema().vectors()).containsOnlyKeys("v");
        SearchDense leg = new SearchDense("v", null, List.of(1f, 2f), null, null);
        client.collections()
                .search(
                        "docs",
                        SearchRows.of(
                                List.of(new SearchLeg(leg, null, 2.0)),
                                new SearchFusion("weighted", null)));
        assertThat(server.last().body())
                .isEqualTo(
                        "{\"legs\":[{\"dense\":{\"field\":\"v\",\"vector\":\"AACAPwAAAEA=\"},\"weight\":2.0}],"
                                + "\"fusion\":{\"method\":\"weighted\"}}");
    }

    @Test
    void writesByModesAndConditions() {
        String answer =
                "{\"upserted\":1,\"token\":9,\"performance\":{\"server_ms\":1},\"skipped\":1,"
                        + "\"skipped_ids\":[\"b\"]}";
        server.answer(200, answer).answer(200, answer).answer(200, answer);
        RowBody row =
                new RowBody("a", null, null, Map.of("n", 1), null, null, null, null, 60L, 7L, null);
        UpsertResult result =
                client.collections()
                        .write("docs", new UpsertRows(List.of(row), null, "insert", null));
        assertThat(result.skippedIds()).containsExactly("b");
        assertThat(server.last().body())
                .isEqualTo(
                        "{\"rows\":[{\"id\":\"a\",\"attributes\":{\"n\":1},\"ttl\":60,"
                                + "\"if_version\":7}],\"mode\":\"insert\"}");
        Map<String, Object> old = new HashMap<>();
        old.put("old", null);
        client.collections()
                .patch("docs", new PatchRows(null, null, Map.of("eq", List.of("n", 1)), old, 5L));
        assertThat(server.last().target()).endsWith("/docs/patch");
        assertThat(server.last().body())
                .isEqualTo("{\"filter\":{\"eq\":[\"n\",1]},\"set\":{\"old\":null},\"ttl\":5}");
        old.put("id", "a");
        client.collections().writeFields("docs", List.of(old), "patch", null);
        assertThat(server.last().body()).contains("\"old\":null");
        server.answer(200, "{\"deleted\":1,\"token\":3,\"performance\":{\"server_ms\":1}}");
        client.collections().deleteRowsIf("docs", Map.of("a", 7L));
        assertThat(server.last().body()).isEqualTo("{\"ids\":[\"a\"],\"if_versions\":{\"a\":7}}");
    }

    @Test
    void encodesRowIds() {
        server.answer(200, "{\"id\":\"a/b#1\"}").answer(200, "{\"rows\":[]}");
        assertThat(client.collections().row("docs", "a/b#1").text()).isNull();
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/rows/a%2Fb%231");
        client.collections().rows("docs", new Collections.Page(Optional.of("a b"), 10, true));
        assertThat(server.last().target())
                .isEqualTo("/v1/collections/docs/rows?after=a%20b&limit=10&include_vector=true");
    }

    @Test
    void tellsAndMerges() {
        server.answer(
                        200,
                        "{\"rows\":3,\"segments\":1,\"merging\":true,\"vectors\":{\"v\":"
                                + "{\"rows\":3,\"fused_rows\":2,\"hot_rows\":1,\"hnsw_rows\":0,"
                                + "\"formats\":{\"fused\":2,\"flat\":1}}}}")
                .answer(200, "{\"merging\":true}");
        assertThat(client.collections().stats("docs").vectors())
                .containsEntry(
                        "v",
                        new VectorIndexBody(
                                3, 2, 1, 0, Map.of("fused", 2L, "flat", 1L), null, null));
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/stats");
        assertThat(client.collections().merge("docs")).isTrue();
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/merge");
    }

    @Test
    void tunes() {
        CollectionTuning tuning = client.collections().tuning();
        server.answer(
                        200,
                        "{\"fields\":{\"v\":{\"outcome\":\"reached\",\"message\":\"m\",\"width\":50,"
                                + "\"kept\":true,\"steps\":[{\"width\":50,\"recall\":0.97,"
                                + "\"recall_at_least\":0.96,\"median_micros\":70.5}],\"rows\":9,"
                                + "\"live_queries\":3,\"stored_queries\":7}}}")
                .answer(200, "{\"cancelled\":false}")
                .answer(200, "{\"widths\":{\"v\":{\"width\":70}}}")
                .answer(200, "{\"widths\":{}}")
                .answer(200, "{\"widths\":{}}");
        assertThat(tuning.tune("docs", TuneCollection.defaults()).fields())
                .containsEntry(
                        "v",
                        new FieldTuningBody(
                                "reached",
                                "m",
                                50,
                                true,
                                List.of(new TuneStep(50, 0.97, 0.96, 70.5, null)),
                                9,
                                3,
                                7));
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/tune");
        assertThat(server.last().body()).isEqualTo("{}");
        assertThat(tuning.cancel("docs")).isFalse();
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/tune/cancel");
        assertThat(tuning.set("docs", "v", 70)).containsOnlyKeys("v");
        assertThat(server.last().method()).isEqualTo("PUT");
        assertThat(server.last().body()).isEqualTo("{\"field\":\"v\",\"width\":70}");
        assertThat(tuning.clear("docs", "v")).isEmpty();
        assertThat(server.last().method()).isEqualTo("DELETE");
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/tune?field=v");
        assertThat(tuning.widths("docs")).isEmpty();
    }

    @Test
    void counts() {
        server.answer(200, "{\"count\":3}").answer(200, "{\"count\":1}");
        assertThat(client.collections().count("docs", null)).isEqualTo(3);
        assertThat(server.last().body()).isEqualTo("{}");
        client.collections().count("docs", Map.of("exists", "k"));
        assertThat(server.last().target()).isEqualTo("/v1/collections/docs/count");
        assertThat(server.last().body()).isEqualTo("{\"filter\":{\"exists\":\"k\"}}");
    }

    @Test
    void deletesByIdOrByFilter() {
        server.answer(200, "{\"deleted\":1,\"token\":1}")
                .answer(200, "{\"deleted\":2,\"token\":2}");
        client.collections().deleteRows("docs", List.of("a"));
        assertThat(server.last().body()).isEqualTo("{\"ids\":[\"a\"]}");
        client.collections().deleteRowsWhere("docs", Map.of("eq", List.of("k", "v")));
        assertThat(server.last().body()).isEqualTo("{\"filter\":{\"eq\":[\"k\",\"v\"]}}");
    }

    @Test
    void reportsTheProgressOfASync() {
        server.answer(200, event("progress", "") + event("done", ""));
        List<SyncEvent> seen = new ArrayList<>();
        SyncEvent done =
                client.collections().sync("docs", new SyncCollection("v", null, null), seen::add);
        assertThat(seen).extracting(SyncEvent::type).containsExactly("progress", "done");
        assertThat(done.rowsUpserted()).isEqualTo(5);
        assertThat(server.last().body()).isEqualTo("{\"volume\":\"v\"}");
    }

    @Test
    void throwsWhatStoppedASync() {
        SyncCollection request = new SyncCollection("v", "**", null);
        String error = ",\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"no volume v\"}";
        server.answer(200, event("progress", "") + event("error", error))
                .answer(200, event("progress", ""));
        assertThatThrownBy(() -> client.collections().sync("docs", request, event -> {}))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessage("no volume v");
        assertThatThrownBy(() -> client.collections().sync("docs", request, event -> {}))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("broke off");
    }

    @Test
    void embedsInOrder() {
        server.answer(
                200,
                "{\"data\":[{\"index\":0,\"embedding\":\"AACAPwAAAEA=\"},"
                        + "{\"index\":1,\"embedding\":\"AAAAAAAAgL8=\"}]}");
        List<float[]> vectors = client.models().embed("m", List.of("a", "b"));
        assertThat(vectors).containsExactly(new float[] {1, 2}, new float[] {0, -1});
        assertThat(server.last().body())
                .isEqualTo(
                        "{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"encoding_format\":\"base64\"}");
        assertThat(client.models().embed("m", List.of())).isEmpty();
    }
}
