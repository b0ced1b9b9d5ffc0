package dev.quern.flight;

import dev.quern.common.SpaceId;
import java.time.Instant;

/// What a ticket entitles its bearer to read, once its signature has been checked. See
/// [TicketFormat] for its bytes.
sealed interface Claim {
    /// The space that the names are resolved in.
    SpaceId space();

    /// The first instant at which the ticket is no longer honoured, in whole milliseconds.
    Instant expiresAt();

    /// A range of a file at a commit.
    ///
    /// @param volume name of the volume
    /// @param commit 64 hex digits
    /// @param path normalised path of the file
    /// @param range the bytes to read
    record FileRange(
            SpaceId space,
            Instant expiresAt,
            String volume,
            String commit,
            String path,
            Range range)
            implements Claim {}

    /// Every row of a collection, as of the start of the stream.
    ///
    /// @param collection name of the collection
    /// @param id the collection's id, so that a ticket does not read another of the same name
    /// @param columns whether each attribute is a column of its own
    record Rows(
            SpaceId space, Instant expiresAt, String collection, String id, boolean columns)
            implements Claim {}

    /// A pattern of bytes made by the server itself, for its own test at start.
    ///
    /// @param length bytes to send
    record SelfTest(SpaceId space, Instant expiresAt, int length) implements Claim {}

    /// A byte range.
    ///
    /// @param offset first byte, 0 or more
    /// @param length bytes, 0 or more
    record Range(long offset, long length) {}
}
