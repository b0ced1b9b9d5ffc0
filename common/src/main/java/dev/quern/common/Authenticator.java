package dev.quern.common;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Turns a bearer token into a principal. Thread-safe.
public interface Authenticator {
    /// The principal of a token.
    ///
    /// @param token the text after `Bearer `, or null when the request had none
    /// @throws QuernException `DENIED` if it is missing or unknown; the message never repeats the
    ///   token
    Principal authenticate(@Nullable String token);

    /// The principal of a token if that is known without waiting for anything, as for a disk; empty
    /// says nothing of the token.
    default Optional<Principal> known(String token) {
        return Optional.empty();
    }
}
