package dev.quern.volume;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// What to commit.
///
/// @param session whose staged changes; a name by the rule of [Names]
/// @param expectedHead the commit that must be head at present; empty: any
/// @param message at most [#MAX_MESSAGE_CHARS] characters for the history, may be empty
public record CommitRequest(String session, Optional<CommitId> expectedHead, String message) {
    /// The longest message, in UTF-16 characters.
    public static final int MAX_MESSAGE_CHARS = 4096;

    /// Checks the session's name and the message.
    public CommitRequest {
        Names.require("session", session);
        if (message.length() > MAX_MESSAGE_CHARS) {
            throw QuernException.invalid(
                    "commit message must be at most "
                            + MAX_MESSAGE_CHARS
                            + " characters, got "
                            + message.length());
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(message)) {
            throw QuernException.invalid("commit message must be valid Unicode");
        }
    }

    /// Commits a session on whatever is head.
    public static CommitRequest of(String session, String message) {
        return new CommitRequest(session, Optional.empty(), message);
    }
}
