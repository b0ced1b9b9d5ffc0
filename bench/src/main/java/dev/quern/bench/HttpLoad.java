package dev.quern.bench;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// A closed loop of keep-alive HTTP/1.1 connections, all served by one thread that sends requests
/// made beforehand and reads the lengths of the answers: as little as a client can do, so that what
/// is measured is the server. Request `n` is the `n % requests.size()`-th of those given.
final class HttpLoad {
    private static final int FIRST_BYTES = 64 << 10;
    private static final String END = "\r\n\r\n";

    private final List<ByteBuffer> requests;
    private final Answers answers;
    private int sent;
    private double[] seconds = new double[1 << 16];
    private int done;

    /// Takes the body of an answer.
    interface Answers {
        /// Takes one.
        ///
        /// @param number of the request, in the list of requests
        void take(int number, String body) throws IOException;
    }

    private HttpLoad(List<ByteBuffer> requests, Answers answers) {
        this.requests = requests;
        this.answers = answers;
    }

    /// Bytes of a POST of JSON.
    ///
    /// @param token sent as a bearer's; empty for none
    static ByteBuffer post(URI url, String token, String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        String head =
                "POST "
                        + url.getRawPath()
                        + " HTTP/1.1\r\nhost: "
                        + url.getAuthority()
                        + "\r\ncontent-type: application/json\r\n"
                        + (token.isEmpty() ? "" : "authorization: Bearer " + token + "\r\n")
                        + "content-length: "
                        + body.length
                        + END;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(body);
        return ByteBuffer.wrap(all.toByteArray());
    }

    /// Sends every request once, from one connection.
    static void each(URI server, List<ByteBuffer> requests, Answers answers) throws IOException {
        new HttpLoad(requests, answers).run(server, 1, requests.size(), Long.MAX_VALUE);
    }

    /// Sends requests for some seconds.
    ///
    /// @return the seconds that each took
    static double[] run(URI server, int connections, List<ByteBuffer> requests, double duration)
            throws IOException {
        return new HttpLoad(requests, (_, _) -> {})
                .run(server, connections, Integer.MAX_VALUE, (long) (duration * 1e9));
    }

    private double[] run(URI server, int connections, int count, long nanos) throws IOException {
        long start = System.nanoTime();
        List<Connection> all = new ArrayList<>();
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < Math.min(connections, count); i++) {
                all.add(new Connection(server, selector));
            }
            for (Connection connection : all) {
                connection.send();
            }
            int busy = all.size();
            while (busy > 0) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    Connection connection = (Connection) key.attachment();
                    if (connection.proceed(key)) {
                        if (sent < count && System.nanoTime() - start < nanos) {
                            connection.send();
                        } else {
                            busy--;
                        }
                    }
                }
                selector.selectedKeys().clear();
            }
        } finally {
            for (Connection connection : all) {
                connection.channel.close();
            }
        }
        return Arrays.copyOf(seconds, done);
    }

    private final class Connection {
        private final SocketChannel channel;
        private final SelectionKey key;
        private ByteBuffer out = ByteBuffer.allocate(0);
        private ByteBuffer in = ByteBuffer.allocate(FIRST_BYTES);
        private int number;
        private long begun;

        Connection(URI server, Selector selector) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(server.getHost(), server.getPort()));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        void send() throws IOException {
            number = sent++ % requests.size();
            out = requests.get(number).duplicate();
            in.clear();
            begun = System.nanoTime();
            write();
        }

        private void write() throws IOException {
            channel.write(out);
            key.interestOps(out.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
        }

        /// Returns whether the answer is complete.
        boolean proceed(SelectionKey ready) throws IOException {
            if (ready.isWritable()) {
                write();
                return false;
            }
            if (!in.hasRemaining()) {
                in = ByteBuffer.allocate(in.capacity() * 4).put(in.flip());
            }
            if (channel.read(in) < 0) {
                throw new QuernException(ErrorKind.UNAVAILABLE, "the server closed a connection");
            }
            int head = headBytes();
            if (head < 0 || in.position() < head + bodyBytes(head)) {
                return false;
            }
            if (done == seconds.length) {
                seconds = Arrays.copyOf(seconds, done * 2);
            }
            seconds[done++] = (System.nanoTime() - begun) / 1e9;
            String body = text(head, in.position());
            if (!text(0, head).startsWith("HTTP/1.1 200 ")) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE, "a search was refused: " + text(0, in.position()));
            }
            answers.take(number, body);
            return true;
        }

        private int headBytes() {
            byte[] bytes = in.array();
            for (int i = 3; i < in.position(); i++) {
                if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n') {
                    return i + 1;
                }
            }
            return -1;
        }

        private int bodyBytes(int head) {
            String lines = text(0, head).toLowerCase(Locale.ROOT);
            String name = "\r\ncontent-length:";
            int at = lines.indexOf(name);
            if (at < 0) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE, "an answer does not tell its length: " + lines);
            }
            int from = at + name.length();
            return Integer.parseInt(lines.substring(from, lines.indexOf('\r', from)).strip());
        }

        private String text(int from, int to) {
            return new String(in.array(), from, to - from, StandardCharsets.UTF_8);
        }
    }
}
