package dev.quern.http;

import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Times as HTTP's headers have them, such as `Sun, 06 Nov 1994 08:49:37 GMT`. Thread-safe.
final class HttpDate {
    private static final DateTimeFormatter FORM =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC);

    private final InstantSource clock;
    private volatile Second last = new Second(Long.MIN_VALUE, "");

    private record Second(long second, String text) {}

    HttpDate(InstantSource clock) {
        this.clock = clock;
    }

    static String format(Instant instant) {
        return FORM.format(instant);
    }

    /// The present; made once a second.
    String now() {
        Instant now = clock.instant();
        Second known = last;
        if (known.second != now.getEpochSecond()) {
            known = new Second(now.getEpochSecond(), format(now));
            last = known;
        }
        return known.text;
    }
}
