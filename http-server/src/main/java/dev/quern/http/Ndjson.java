package dev.quern.http;

import java.io.IOException;
import java.io.UncheckedIOException;

/// A reply of one JSON value per line, each sent as soon as it is known.
final class Ndjson {
    private static final String CONTENT_TYPE = "application/x-ndjson";

    private final ResponseSink sink;

    private Ndjson(ResponseSink sink) {
        this.sink = sink;
    }

    /// Work that writes lines, on the request's thread.
    @FunctionalInterface
    interface Work {
        /// Does it all; [#write] throws out of it when the client is gone.
        void run(Ndjson lines);
    }

    static Reply reply(Work work) {
        return Reply.streamed(
                200,
                CONTENT_TYPE,
                sink -> {
                    try {
                        work.run(new Ndjson(sink));
                    } catch (UncheckedIOException e) {
                        throw e.getCause();
                    }
                });
    }

    /// Sends a line; blocks while the client is behind.
    ///
    /// @throws UncheckedIOException if the client is gone, so that the work stops
    void write(Object value) {
        try {
            Json.write(sink, value);
            sink.write('\n');
            sink.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
