package dev.quern.storage.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// As much of S3 as a tier uses, in memory, with the faults of a bad day: answers that come late,
/// never or cut short, throttling, and conditions that are ignored.
public final class FakeS3 implements AutoCloseable {
    private final HttpServer server;
    private final URI endpoint;
    private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();
    private final ConcurrentMap<String, Map<Integer, byte[]>> uploads = new ConcurrentHashMap<>();
    private final AtomicInteger uploadIds = new AtomicInteger();
    private final Deque<Fault> faults = new ConcurrentLinkedDeque<>();
    private final Deque<String> requests = new ConcurrentLinkedDeque<>();
    private volatile boolean heedsWhole = true;
    private volatile boolean heedsParts = true;

    /// What happens to the next request of a kind.
    ///
    /// @param request start of `METHOD path?query` of the requests that it hits
    /// @param how what happens
    record Fault(String request, How how) {}

    /// What may happen to a request.
    enum How {
        /// Status 500, nothing done.
        ERROR,
        /// Status 503 `SlowDown`, nothing done.
        SLOW_DOWN,
        /// Status 503 `SlowDown`, to be tried again after 1 s.
        SLOW_DOWN_FOR_A_SECOND,
        /// The connection breaks, nothing done.
        BREAK,
        /// Done, and then the connection breaks.
        DO_AND_BREAK,
        /// Done, and then status 500.
        DO_AND_ERROR,
        /// The body of the answer is cut in half.
        HALF
    }

    /// Starts it on a free port of the loopback.
    public FakeS3() {
        try {
            server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
        endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /// Where it answers.
    public URI endpoint() {
        return endpoint;
    }

    /// Whether `If-None-Match` works for objects in one piece and for those in parts.
    public void heed(boolean whole, boolean parts) {
        heedsWhole = whole;
        heedsParts = parts;
    }

    /// Lets this happen to the next requests that begin so, one after the other.
    void fail(String request, How... hows) {
        for (How how : hows) {
            faults.add(new Fault(request, how));
        }
    }

    /// Every `METHOD path?query` so far.
    List<String> requests() {
        return List.copyOf(requests);
    }

    /// Uploads neither completed nor aborted.
    int openUploads() {
        return uploads.size();
    }

    byte @Nullable [] object(String key) {
        return objects.get(key);
    }

    private void handle(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        requests.add(request);
        byte[] body = exchange.getRequestBody().readAllBytes();
        @Nullable How how = fault(request);
        switch (how) {
            case null -> send(exchange, answer(exchange, body), false);
            case ERROR -> send(exchange, Answer.error(500, "InternalError"), false);
            case SLOW_DOWN -> send(exchange, Answer.error(503, "SlowDown"), false);
            case SLOW_DOWN_FOR_A_SECOND -> {
                exchange.getResponseHeaders().add("Retry-After", "1");
                send(exchange, Answer.error(503, "SlowDown"), false);
            }
            case BREAK -> exchange.close();
            case DO_AND_BREAK -> {
                answer(exchange, body);
                exchange.close();
            }
            case DO_AND_ERROR -> {
                answer(exchange, body);
                send(exchange, Answer.error(500, "InternalError"), false);
            }
            case HALF -> send(exchange, answer(exchange, body), true);
        }
    }

    private @Nullable How fault(String request) {
        for (Fault fault : List.copyOf(faults)) {
            if (request.startsWith(fault.request) && faults.remove(fault)) {
                return fault.how;
            }
        }
        return null;
    }

    private record Answer(int status, byte[] body) {
        static Answer of(String xml) {
            return new Answer(200, xml.getBytes(StandardCharsets.UTF_8));
        }

        static Answer error(int status, String code) {
            String xml = "<Error><Code>" + code + "</Code><Message>fake</Message></Error>";
            return new Answer(status, xml.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void send(HttpExchange exchange, Answer answer, boolean half)
            throws IOException {
        boolean head = exchange.getRequestMethod().equals("HEAD");
        byte[] body = answer.body;
        if (head) {
            exchange.getResponseHeaders().add("Content-Length", String.valueOf(body.length));
        }
        exchange.sendResponseHeaders(answer.status, head || body.length == 0 ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body, 0, half ? body.length / 2 : body.length);
            exchange.getResponseBody().flush();
        }
        exchange.close();
    }

    private Answer answer(HttpExchange exchange, byte[] body) {
        Map<String, String> query = query(exchange.getRequestURI());
        String key = exchange.getRequestURI().getPath().replaceFirst("^/[^/]*/?", "");
        boolean conditional = exchange.getRequestHeaders().containsKey("If-None-Match");
        return switch (exchange.getRequestMethod()) {
            case "PUT" -> put(exchange, key, query, body, conditional && heedsWhole);
            case "POST" -> post(key, query, conditional && heedsParts);
            case "GET", "HEAD" -> key.isEmpty() ? list(query) : get(exchange, objects.get(key));
            default -> {
                String upload = query.get("uploadId");
                if (upload == null) {
                    objects.remove(key);
                } else {
                    uploads.remove(upload);
                }
                yield new Answer(204, new byte[0]);
            }
        };
    }

    private Answer put(
            HttpExchange exchange,
            String key,
            Map<String, String> query,
            byte[] body,
            boolean conditional) {
        exchange.getResponseHeaders().add("ETag", "\"tag\"");
        String upload = query.get("uploadId");
        if (upload != null) {
            uploads.getOrDefault(upload, Map.of())
                    .put(Integer.valueOf(query.getOrDefault("partNumber", "0")), body);
        } else if (conditional ? objects.putIfAbsent(key, body) != null : replace(key, body)) {
            return Answer.error(412, "PreconditionFailed");
        }
        return new Answer(200, new byte[0]);
    }

    private boolean replace(String key, byte[] body) {
        objects.put(key, body);
        return false;
    }

    private Answer post(String key, Map<String, String> query, boolean conditional) {
        String upload = query.get("uploadId");
        if (upload == null) {
            String id = "upload-" + uploadIds.incrementAndGet();
            uploads.put(id, new TreeMap<>());
            return Answer.of(
                    "<InitiateMultipartUploadResult><UploadId>"
                            + id
                            + "</UploadId></InitiateMultipartUploadResult>");
        }
        Map<Integer, byte[]> parts = uploads.get(upload);
        if (parts == null) {
            return Answer.error(404, "NoSuchUpload");
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        parts.values().forEach(whole::writeBytes);
        if (conditional
                ? objects.putIfAbsent(key, whole.toByteArray()) != null
                : replace(key, whole.toByteArray())) {
            return Answer.error(412, "PreconditionFailed");
        }
        uploads.remove(upload);
        return Answer.of(
                "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
    }

    private static Answer get(HttpExchange exchange, byte @Nullable [] object) {
        if (object == null) {
            return Answer.error(404, "NoSuchKey");
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            return new Answer(200, object);
        }
        String[] bounds = range.substring("bytes=".length()).split("-", -1);
        int from = (int) Math.min(Long.parseLong(bounds[0]), object.length);
        int to = (int) Math.min(Long.parseLong(bounds[1]) + 1, object.length);
        return from == to
                ? Answer.error(416, "InvalidRange")
                : new Answer(206, Arrays.copyOfRange(object, from, to));
    }

    private Answer list(Map<String, String> query) {
        StringBuilder xml = new StringBuilder("<ListBucketResult>");
        int left = Integer.parseInt(query.getOrDefault("max-keys", "1000"));
        String after = query.getOrDefault("start-after", "");
        String prefix = query.getOrDefault("prefix", "");
        boolean truncated = false;
        for (Map.Entry<String, byte[]> object : objects.tailMap(after, false).entrySet()) {
            if (object.getKey().startsWith(prefix)) {
                truncated = left-- == 0;
                if (truncated) {
                    break;
                }
                xml.append("<Contents><Key>").append(object.getKey()).append("</Key><Size>");
                xml.append(object.getValue().length).append("</Size></Contents>");
            }
        }
        xml.append("<IsTruncated>").append(truncated).append("</IsTruncated></ListBucketResult>");
        return Answer.of(xml.toString());
    }

    private static Map<String, String> query(URI uri) {
        Map<String, String> query = new TreeMap<>();
        if (uri.getQuery() != null) {
            for (String pair : uri.getQuery().split("&", -1)) {
                int equals = pair.indexOf('=');
                query.put(
                        equals < 0 ? pair : pair.substring(0, equals),
                        equals < 0 ? "" : pair.substring(equals + 1));
            }
        }
        return query;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
