package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a row to write says beside its fields, under the names that HTTP and Flight have for it.
///
/// @param expiresAt RFC 3339: from then on the row is not there any more
/// @param ttl instead of `expiresAt`: seconds from now, 1 to 3,153,600,000
/// @param ifVersion refuse the whole write if the row's version is another one; 0: if there is a
///   row
/// @param ifAbsent true is `ifVersion` 0
public record RowTerms(
        @Nullable String expiresAt,
        @Nullable Long ttl,
        @Nullable Long ifVersion,
        @Nullable Boolean ifAbsent) {
    /// Name of `expiresAt`.
    public static final String EXPIRES_AT = "expires_at";

    /// Name of `ttl`.
    public static final String TTL = "ttl";

    /// Name of `ifVersion`.
    public static final String IF_VERSION = "if_version";

    /// Name of `ifAbsent`.
    public static final String IF_ABSENT = "if_absent";

    /// All of the names.
    public static final Set<String> NAMES = Set.of(EXPIRES_AT, TTL, IF_VERSION, IF_ABSENT);

    private static final long MAX_TTL_SECONDS = 3_153_600_000L;

    /// When the rows of a request expire that do not say it themselves.
    ///
    /// @param ttl seconds; null: never
    /// @throws QuernException `INVALID`
    public static Optional<Instant> byDefault(@Nullable Long ttl, Instant now) {
        return Optional.ofNullable(ttl).map(seconds -> after("'ttl'", now, seconds));
    }

    /// The row under these terms.
    ///
    /// @param now from which times to live count
    /// @param byDefault when it expires if the terms do not say it
    /// @throws QuernException `INVALID` naming the row and what is wrong
    public RowChange change(
            Row row, RowChange.Removed removed, Instant now, Optional<Instant> byDefault) {
        String what = "row \"" + Names.abbreviate(row.id()) + "\": ";
        return new RowChange(
                row.expiring(expires(what, now).or(() -> byDefault)), removed, condition(what));
    }

    private OptionalLong condition(String what) {
        boolean absent = Boolean.TRUE.equals(ifAbsent);
        if (ifVersion != null && absent && ifVersion != 0) {
            throw QuernException.invalid(
                    what + "'if_absent' and 'if_version' " + ifVersion + " exclude each other");
        }
        if (absent) {
            return OptionalLong.of(0);
        }
        return ifVersion == null ? OptionalLong.empty() : OptionalLong.of(ifVersion);
    }

    private Optional<Instant> expires(String what, Instant now) {
        if (expiresAt != null && ttl != null) {
            throw QuernException.invalid(what + "'expires_at' and 'ttl' exclude each other");
        }
        if (ttl != null) {
            return Optional.of(after(what + "'ttl'", now, ttl));
        }
        try {
            return Optional.ofNullable(expiresAt)
                    .map(text -> OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    what
                            + "'expires_at' must be a time such as 2026-11-22T18:30:00Z, got \""
                            + Names.abbreviate(Objects.requireNonNullElse(expiresAt, ""))
                            + "\"",
                    e);
        }
    }

    private static Instant after(String what, Instant now, long seconds) {
        if (seconds < 1 || seconds > MAX_TTL_SECONDS) {
            throw QuernException.invalid(
                    what + " must be 1 to " + MAX_TTL_SECONDS + " seconds, got " + seconds);
        }
        return now.plusSeconds(seconds);
    }
}
