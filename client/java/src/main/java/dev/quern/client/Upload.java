package dev.quern.client;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/// Bytes to send.
///
/// @param body makes the body for each attempt
/// @param retry whether there can be a second one
record Upload(Supplier<BodyPublisher> body, Retry retry) {

    static Upload of(Path file) {
        if (!Files.isRegularFile(file)) {
            throw QuernException.invalid("no such local file: " + file);
        }
        return new Upload(() -> publish(file), Retry.ALWAYS);
    }

    static Upload of(byte[] bytes) {
        return new Upload(() -> BodyPublishers.ofByteArray(bytes), Retry.ALWAYS);
    }

    static Upload of(InputStream bytes) {
        return new Upload(
                () -> BodyPublishers.ofInputStream(() -> new LeftOpen(bytes)), Retry.NEVER);
    }

    private static BodyPublisher publish(Path file) {
        try {
            return BodyPublishers.ofFile(file);
        } catch (FileNotFoundException | UncheckedIOException e) {
            throw new QuernException(ErrorKind.INVALID, "cannot read local file " + file, e);
        }
    }

    /// The stream is the caller's to close.
    private static final class LeftOpen extends FilterInputStream {
        LeftOpen(InputStream in) {
            super(in);
        }

        @Override
        public void close() {}
    }
}
