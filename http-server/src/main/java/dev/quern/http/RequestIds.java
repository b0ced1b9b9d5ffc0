package dev.quern.http;

import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes request ids, and keeps those that clients send when they are harmless. Thread-safe.
final class RequestIds {
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final RandomGenerator random;

    RequestIds(RandomGenerator random) {
        this.random = random;
    }

    /// The client's id if it is 1 to 64 characters of `A-Z a-z 0-9 . _ -`, else a new one of 16 hex
    /// digits.
    String of(@Nullable String sent) {
        if (sent != null && VALID.matcher(sent).matches()) {
            return sent;
        }
        synchronized (random) {
            return HexFormat.of().toHexDigits(random.nextLong());
        }
    }
}
