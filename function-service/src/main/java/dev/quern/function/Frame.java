package dev.quern.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// A message between the service and a runner. The other side runs user code: what it sends is
/// bounded and checked.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 4 | H, bytes of header, big-endian, at most 1 MiB |
/// | 4 | 4 | B, bytes of body, big-endian, at most 17 MiB |
/// | 8 | H | header, a JSON object with a text field `op` |
/// | 8 + H | B | body |
///
/// @param header to the runner: `load`, `call`; from it: `ready`, `failed`, `result`, `error`
/// @param body input, output or pickled exception
record Frame(JsonNode header, byte[] body) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_HEADER_BYTES = 1 << 20;
    private static final int MAX_BODY_BYTES = Payload.MAX_BYTES + (1 << 20);

    /// What the message is.
    String op() {
        return header.path("op").asText();
    }

    /// A text field of the header; empty when it is absent.
    String text(String field) {
        return header.path(field).asText("");
    }

    void write(OutputStream out) throws IOException {
        byte[] head = JSON.writeValueAsBytes(header);
        ByteBuffer start = ByteBuffer.allocate(8 + head.length);
        start.putInt(head.length).putInt(body.length).put(head);
        out.write(start.array());
        out.write(body);
        out.flush();
    }

    /// Reads a message.
    ///
    /// @throws EOFException if the stream ends
    /// @throws IOException if what comes is no message
    static Frame read(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        int headerBytes = data.readInt();
        int bodyBytes = data.readInt();
        if (headerBytes < 2
                || headerBytes > MAX_HEADER_BYTES
                || bodyBytes < 0
                || bodyBytes > MAX_BODY_BYTES) {
            throw new IOException("lengths " + headerBytes + " and " + bodyBytes);
        }
        byte[] head = exactly(data, headerBytes);
        byte[] body = exactly(data, bodyBytes);
        JsonNode header = JSON.readTree(head);
        if (!header.isObject()) {
            throw new IOException("header is no object");
        }
        return new Frame(header, body);
    }

    private static byte[] exactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("ended " + (count - bytes.length) + " bytes early");
        }
        return bytes;
    }
}
