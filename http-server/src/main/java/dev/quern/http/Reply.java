package dev.quern.http;

import dev.quern.vector.IdType;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/// What a handler answers.
///
/// @param status HTTP status
/// @param headers beyond those that every reply has, names in lower case
/// @param body what follows them
record Reply(int status, Map<String, String> headers, Body body) {
    private static final String JSON = "application/json";

    /// The body of a reply. For `HEAD` nothing of it is made or sent.
    sealed interface Body {}

    /// No body.
    record Empty() implements Body {}

    /// A body that a writer makes while it is sent, so that it never lies in memory whole.
    ///
    /// @param contentType its media type
    /// @param lengthBytes its length, if known before; the writer writes exactly that
    /// @param writer makes it
    record Streamed(String contentType, OptionalLong lengthBytes, Writer writer) implements Body {}

    /// Makes a body.
    @FunctionalInterface
    interface Writer {
        /// Writes the whole body; blocks while the client is behind. An exception before the first
        /// byte was sent becomes an error reply, later it cuts the connection.
        ///
        /// @throws IOException if the client is gone
        void write(ResponseSink sink) throws IOException;
    }

    static Reply json(int status, Object value) {
        return streamed(status, JSON, sink -> Json.write(sink, value));
    }

    static Reply json(Object value) {
        return json(200, value);
    }

    /// Rows of a collection whose ids are of this type.
    static Reply rows(Object value, IdType ids) {
        return streamed(200, JSON, sink -> Json.writeRows(sink, value, ids));
    }

    static Reply empty(int status) {
        return new Reply(status, Map.of(), new Empty());
    }

    static Reply bytes(String contentType, byte[] bytes) {
        return new Reply(
                200,
                Map.of(),
                new Streamed(
                        contentType, OptionalLong.of(bytes.length), sink -> sink.write(bytes)));
    }

    static Reply json(byte[] json) {
        return bytes(JSON, json);
    }

    static Reply streamed(int status, String contentType, Writer writer) {
        return new Reply(status, Map.of(), new Streamed(contentType, OptionalLong.empty(), writer));
    }

    Reply with(String header, String value) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put(header, value);
        return new Reply(status, all, body);
    }
}
