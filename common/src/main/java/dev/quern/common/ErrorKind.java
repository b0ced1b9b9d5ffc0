package dev.quern.common;

/// What went wrong, as far as the caller's next step depends on it. Each edge maps a kind to its
/// own status in one exhaustive switch.
public enum ErrorKind {
    /// The request can never succeed as it is: correct it.
    INVALID,
    /// No valid credential came with the request: present another.
    DENIED,
    /// The named thing is not there: create it, or correct the name.
    NOT_FOUND,
    /// Something changed or exists already: read it again and decide.
    CONFLICT,
    /// A newer owner has taken over: this writer must stop.
    FENCED,
    /// A bound is reached (queue, memory, disk, quota): retry after a while, or ask for less.
    EXHAUSTED,
    /// A part that is needed does not answer at present: retry.
    UNAVAILABLE,
    /// Stored bytes do not match their checksum: restore them; a retry will not help.
    CORRUPT,
    /// A defect in Quern: report it with the request id.
    INTERNAL
}
