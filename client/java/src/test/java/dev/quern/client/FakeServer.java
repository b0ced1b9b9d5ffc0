package dev.quern.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Answers requests with what a test has queued, in order, and keeps what was asked.
final class FakeServer implements AutoCloseable {
    static final String TOKEN = "secret-token";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Deque<Answer> answers = new ArrayDeque<>();
    private final List<Asked> asked = new ArrayList<>();

    FakeServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    QuernClientBuilder client() {
        return new QuernClientBuilder(Map.of()).url(url()).token(TOKEN);
    }

    @CanIgnoreReturnValue
    synchronized FakeServer answer(int status, String json, String... headers) {
        answers.add(new Answer(status, json.getBytes(StandardCharsets.UTF_8), -1, headers));
        return this;
    }

    /// An answer that claims `length` bytes and breaks off after `sent`.
    @CanIgnoreReturnValue
    synchronized FakeServer broken(long length, byte[] sent, String... headers) {
        answers.add(new Answer(200, sent, length, headers));
        return this;
    }

    /// An answer that gives the bytes of `whole` that the request's range asks for.
    @CanIgnoreReturnValue
    synchronized FakeServer range(byte[] whole) {
        answers.add(new Answer(206, whole, -1));
        return this;
    }

    synchronized List<Asked> asked() {
        return List.copyOf(asked);
    }

    Asked last() {
        return asked().getLast();
    }

    private synchronized Answer next(Asked request) {
        asked.add(request);
        Answer answer = answers.poll();
        return answer != null
                ? answer
                : new Answer(500, "no answer queued".getBytes(StandardCharsets.UTF_8), -1);
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Answer answer =
                next(
                        new Asked(
                                exchange.getRequestMethod(),
                                exchange.getRequestURI().toString(),
                                new String(body, StandardCharsets.UTF_8),
                                Map.copyOf(exchange.getRequestHeaders())));
        for (int i = 0; i < answer.headers.length; i += 2) {
            exchange.getResponseHeaders().add(answer.headers[i], answer.headers[i + 1]);
        }
        String range = exchange.getRequestHeaders().getFirst("range");
        if (answer.status == 206 && range != null) {
            int from = Integer.parseInt(range.replaceAll("[^0-9]", ""));
            byte[] whole = answer.body;
            answer = new Answer(206, Arrays.copyOfRange(whole, from, whole.length), -1);
        }
        long length = answer.length >= 0 ? answer.length : answer.body.length;
        exchange.sendResponseHeaders(answer.status, length == 0 ? -1 : length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(answer.body);
            out.flush();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }

    record Asked(String method, String target, String body, Map<String, List<String>> headers) {
        String header(String name) {
            return headers.getOrDefault(name, List.of("")).getFirst();
        }
    }

    private record Answer(int status, byte[] body, long length, String... headers) {}
}
