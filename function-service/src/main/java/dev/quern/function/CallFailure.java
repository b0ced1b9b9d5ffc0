package dev.quern.function;

import java.util.Optional;

/// Why a call did not succeed, in full.
///
/// @param reason the class of failure
/// @param type the exception's class, such as `ValueError`; empty when there was none
/// @param message at most 2,048 characters
/// @param traceback of the function's own side, at most 64 KiB, may be empty
/// @param pickle the pickled exception; only for calls whose input was a pickle
public record CallFailure(
        FailureReason reason,
        String type,
        String message,
        String traceback,
        Optional<byte[]> pickle) {
    /// A failure without an exception behind it.
    public static CallFailure of(FailureReason reason, String message) {
        return new CallFailure(reason, "", message, "", Optional.empty());
    }
}
