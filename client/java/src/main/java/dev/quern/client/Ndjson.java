package dev.quern.client;

import com.fasterxml.jackson.databind.MappingIterator;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Answers that come line by line.
final class Ndjson {
    private Ndjson() {}

    /// Reads values as they arrive until one is the last.
    ///
    /// @param isLast sees every value; true ends the reading, an exception ends it too
    /// @return the last value
    /// @throws QuernException `UNAVAILABLE` if the answer ended before the last value
    static <T> T last(HttpTransport http, Request request, Class<T> type, Predicate<T> isLast) {
        try (InputStream body = http.open(request).body();
                MappingIterator<T> values = Json.readAll(body, type)) {
            while (values.hasNextValue()) {
                T value = values.nextValue();
                if (isLast.test(value)) {
                    return value;
                }
            }
        } catch (IOException e) {
            throw broken(request, e);
        }
        throw broken(request, null);
    }

    private static QuernException broken(Request request, @Nullable IOException cause) {
        return new QuernException(
                ErrorKind.UNAVAILABLE,
                "answer to " + request.method() + " " + request.target() + " broke off",
                cause);
    }
}
