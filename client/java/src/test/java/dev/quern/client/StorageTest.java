package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
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
    void anUnknownOperationIsNotFound() {
        server.answer(404, "{\"code\":\"NOT_FOUND\",\"message\":\"there is no operation gc-2\"}");
        assertThatThrownBy(() -> client.storage().cancel("gc-2"))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("gc-2")
                .satisfies(e ->
                        assertThat(((QuernException) e).kind()).isEqualTo(ErrorKind.NOT_FOUND));
    }
}
