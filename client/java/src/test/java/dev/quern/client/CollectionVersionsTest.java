package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.wire.AliasBody;
import dev.quern.common.wire.HistoryBody;
import dev.quern.common.wire.SnapshotBody;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class CollectionVersionsTest {
    private static final String SNAPSHOT =
            "{\"name\":\"first\",\"token\":7,\"created_at\":\"t\",\"rows\":2,\"bytes\":9}";
    private static final String COLLECTION =
            "{\"name\":\"docs\",\"id\":\"i\",\"created_at\":\"t\",\"schema\":{},\"rows\":2,"
                    + "\"aliases\":[\"live\"]}";

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

    @Test
    void keepsAndReadsSnapshots() {
        server.answer(201, SNAPSHOT)
                .answer(200, "{\"snapshots\":[" + SNAPSHOT + "]}")
                .answer(200, "{\"count\":2}")
                .answer(200, "{\"rows\":[]}")
                .answer(204, "");
        SnapshotBody made = client.collections().versions().snapshot("docs", "first");
        assertThat(made).isEqualTo(new SnapshotBody("first", 7, "t", 2, 9));
        assertThat(server.last().body()).isEqualTo("{\"name\":\"first\"}");
        assertThat(client.collections().versions().snapshots("docs")).containsExactly(made);
        assertThat(client.collections().count("docs", null, "first")).isEqualTo(2);
        assertThat(server.last().body()).isEqualTo("{\"at\":\"first\"}");
        client.collections()
                .rows(
                        "docs",
                        new Collections.Page(Optional.empty(), 5, false, Optional.of("first")));
        assertThat(server.last().target()).contains("at=first");
        client.collections().versions().deleteSnapshot("docs", "first");
        assertThat(server.last().target()).endsWith("/v1/collections/docs/snapshots/first");
    }

    @Test
    void branchesRollsBackAndRenames() {
        server.answer(201, COLLECTION).answer(200, COLLECTION).answer(200, COLLECTION);
        client.collections().versions().branch("docs", "copy", null);
        assertThat(server.last().body()).isEqualTo("{\"name\":\"copy\"}");
        assertThat(client.collections().versions().rollback("docs", "first").aliases())
                .containsExactly("live");
        assertThat(server.last().body()).isEqualTo("{\"to\":\"first\"}");
        client.collections().versions().rename("docs", "papers");
        assertThat(server.last().target()).endsWith("/v1/collections/docs/rename");
    }

    @Test
    void tellsAndSetsTheHistory() {
        server.answer(
                        200,
                        "{\"seconds\":60,\"since\":\"t\",\"since_token\":3,\"points\":2,\"bytes\":9}")
                .answer(200, "{\"seconds\":0,\"since_token\":0,\"points\":0,\"bytes\":0}")
                .answer(201, SNAPSHOT);
        assertThat(client.collections().versions().history("docs"))
                .isEqualTo(new HistoryBody(60, "t", 3, 2, 9));
        assertThat(server.last().target()).endsWith("/v1/collections/docs/history");
        assertThat(client.collections().versions().setHistory("docs", Duration.ZERO).since())
                .isNull();
        assertThat(server.last().body()).isEqualTo("{\"seconds\":0}");
        client.collections().versions().snapshot("docs", "first", "17");
        assertThat(server.last().body()).isEqualTo("{\"name\":\"first\",\"at\":\"17\"}");
    }

    @Test
    void setsAliases() {
        String alias = "{\"alias\":\"live\",\"collection\":\"docs\"}";
        server.answer(200, alias).answer(200, "{\"aliases\":[" + alias + "]}").answer(204, "");
        AliasBody set = client.collections().versions().setAlias("live", "docs");
        assertThat(server.last().body()).isEqualTo("{\"collection\":\"docs\"}");
        assertThat(client.collections().versions().aliases()).containsExactly(set);
        client.collections().versions().deleteAlias("live");
        assertThat(server.last().target()).endsWith("/v1/aliases/live");
    }
}
