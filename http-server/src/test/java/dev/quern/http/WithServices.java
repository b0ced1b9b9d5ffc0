package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// A test class that sends requests to one server with all real services.
abstract class WithServices {
    @TempDir static Path folder;
    static Services services;
    static TestServer server;

    @BeforeAll
    static void openServer() {
        services = new Services(folder);
        server = TestServer.of(services.http());
    }

    @AfterAll
    static void closeServer() {
        server.close();
        services.close();
    }

    /// The body of an answer that was to have this status.
    static JsonNode answer(int status, HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        return JsonAnswer.of(answer);
    }

    static JsonNode ok(HttpResponse<String> answer) {
        return answer(200, answer);
    }

    /// Requires that an answer has this status, and a message that contains this.
    static void refused(int status, HttpResponse<String> answer, String message) {
        assertThat(answer(status, answer).path("message").asText()).contains(message);
    }
}
