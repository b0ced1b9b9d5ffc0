package dev.quern.vector;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// Datetimes: RFC 3339 text, or a date alone for its midnight in UTC; kept to the millisecond.
final class Moments {
    /// For messages.
    static final String EXPECTED = "a time such as 2026-11-22T18:30:00Z or a date";

    static final Instant MIN = Instant.parse("0000-01-01T00:00:00Z");
    static final Instant MAX = Instant.parse("9999-12-31T23:59:59.999Z");

    private static final int DATE_LENGTH = "2026-11-22".length();

    private Moments() {}

    static Optional<Instant> find(String text) {
        try {
            Instant moment =
                    text.length() == DATE_LENGTH
                            ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                            : OffsetDateTime.parse(text).toInstant();
            return isInRange(moment)
                    ? Optional.of(moment.truncatedTo(ChronoUnit.MILLIS))
                    : Optional.empty();
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    static boolean isInRange(Instant moment) {
        return !moment.isBefore(MIN) && !moment.isAfter(MAX);
    }
}
