package dev.quern.function.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Frames on a pair of streams: two big-endian 32-bit lengths, then a JSON header and a body. Not
/// thread-safe.
final class FramePipe {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final DataInputStream in;
    private final OutputStream out;

    /// One message.
    record Frame(JsonNode header, byte[] body) {}

    FramePipe(InputStream in, OutputStream out) {
        this.in = new DataInputStream(in);
        this.out = out;
    }

    static FramePipe ofStandardStreams() {
        return new FramePipe(
                new BufferedInputStream(new FileInputStream(FileDescriptor.in), 1 << 16),
                new FileOutputStream(FileDescriptor.out));
    }

    /// The next message; ends this process when the service has closed the pipe.
    Frame receive() throws IOException {
        int headerBytes;
        int bodyBytes;
        try {
            headerBytes = in.readInt();
            bodyBytes = in.readInt();
        } catch (EOFException e) {
            Runtime.getRuntime().halt(0);
            throw e;
        }
        JsonNode header = JSON.readTree(in.readNBytes(headerBytes));
        return new Frame(header, in.readNBytes(bodyBytes));
    }

    void send(JsonNode header, byte[] body) throws IOException {
        byte[] head = JSON.writeValueAsBytes(header);
        ByteBuffer frame = ByteBuffer.allocate(8 + head.length);
        frame.putInt(head.length).putInt(body.length).put(head);
        out.write(frame.array());
        out.write(body);
        out.flush();
    }
}
