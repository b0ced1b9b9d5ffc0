package dev.quern.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Builds the path and query of a request; every part that came from outside is encoded.
final class Target {
    private final StringBuilder text = new StringBuilder();
    private char separator = '?';

    private Target(String prefix) {
        text.append(prefix);
    }

    /// `/v1` and each part after a slash, a slash within a part encoded too.
    static Target of(String... parts) {
        Target target = new Target("/v1");
        for (String part : parts) {
            target.text.append('/').append(encode(part));
        }
        return target;
    }

    /// Appends a path whose slashes separate.
    @CanIgnoreReturnValue
    Target path(String path) {
        for (String part : List.of(stripSlashes(path).split("/", -1))) {
            text.append('/').append(encode(part));
        }
        return this;
    }

    @CanIgnoreReturnValue
    Target query(String name, @Nullable Object value) {
        if (value != null) {
            text.append(separator).append(name).append('=').append(encode(value.toString()));
            separator = '&';
        }
        return this;
    }

    @CanIgnoreReturnValue
    Target query(String name, Optional<String> value) {
        return value.isPresent() ? query(name, value.get()) : this;
    }

    private static String stripSlashes(String path) {
        return path.startsWith("/") ? path.substring(1) : path;
    }

    private static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
