package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.BackupBody;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.RunPruneBackups;
import dev.quern.common.wire.StorageMember;
import dev.quern.common.wire.StorageOperation;
import dev.quern.common.wire.StorageOperationList;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class StorageTest {
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

    private static String operation(String state, String more) {
        return "{\"id\":\"gc-1\",\"kind\":\"gc\",\"state\":\""
                + state
                + "\",\"phase\":\"mark default\",\"unit\":\"chunks\",\"done\":3,"
                + "\"started_at\":\"2026-03-04T05:06:07Z\""
                + more
                + "}";
    }

    @Test
    void operationsAreReadAndCancelled() {
        String running = operation("running", "");
        String ended = operation("failed", ",\"total\":9,\"error\":\"disk full\"");
        server.answer(200, "{\"running\":[" + running + "],\"ended\":[" + ended + "]}");
        StorageOperationList all = client.storage().operations();
        assertThat(all.running()).singleElement().extracting(StorageOperation::total).isNull();
        assertThat(all.ended().getFirst().total()).isEqualTo(9);
        assertThat(all.ended().getFirst().error()).isEqualTo("disk full");

        server.answer(200, operation("cancelling", ""));
        assertThat(client.storage().cancel("gc-1").state()).isEqualTo("cancelling");
        assertThat(server.asked().getLast().method()).isEqualTo("DELETE");
        assertThat(server.asked().getLast().target()).isEqualTo("/v1/storage/operations/gc-1");
    }

    @Test
    void oldBackupsAreRemoved() {
        String kept =
                "{\"id\":\"x\",\"created\":\"2026-03-04T05:06:07Z\",\"files\":3,\"bytes\":30,"
                        + "\"index\":7,\"state_hash\":\"ab\"}";
        server.answer(
                200,
                "{\"dry_run\":true,\"kept\":["
                        + kept
                        + "],\"removed\":[],\"files\":2,\"bytes\":9}");
        PruneBackupsResult result =
                client.storage().pruneBackups(new RunPruneBackups("file:///b", 1, 0.5, true));
        assertThat(result.dryRun()).isTrue();
        assertThat(result.kept()).singleElement().extracting(BackupBody::id).isEqualTo("x");
        assertThat(result.files()).isEqualTo(2);
        assertThat(server.asked().getLast().target()).isEqualTo("/v1/storage/prune-backups");
    }

    @Test
    void membersAreListedAndForgotten() {
        server.answer(
                200,
                "{\"members\":[{\"id\":\"a1\",\"own\":true,\"running\":true,"
                        + "\"seen_at\":\"2026-03-04T05:06:07Z\"},"
                        + "{\"id\":\"b2\",\"own\":false,\"running\":false}]}");
        assertThat(client.storage().members())
                .containsExactly(
                        new StorageMember("a1", true, true, "2026-03-04T05:06:07Z"),
                        new StorageMember("b2", false, false, null));
        server.answer(204, "");
        client.storage().forgetMember("b2");
        assertThat(server.asked().getLast().method()).isEqualTo("DELETE");
        assertThat(server.asked().getLast().target()).isEqualTo("/v1/storage/members/b2");
        server.answer(409, "{\"code\":\"CONFLICT\",\"message\":\"its server runs\"}");
        assertThatThrownBy(() -> client.storage().forgetMember("b2"))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("its server runs");
    }

    @Test
    void anUnknownOperationIsNotFound() {
        server.answer(404, "{\"code\":\"NOT_FOUND\",\"message\":\"there is no operation gc-2\"}");
        assertThatThrownBy(() -> client.storage().cancel("gc-2"))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("gc-2")
                .satisfies(e ->
                        assertThat(((QuernException) e).kind()).isEqualTo(ErrorKind.NOT_FOUND));
    }
}
