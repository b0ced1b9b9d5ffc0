package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// Why a call did not succeed.
///
/// @param reason `exception`, `timeout`, `memory`, `crash`, `load`, `cancelled` or `refused`
/// @param type exception class, for `exception`
/// @param message its message
/// @param traceback of the function's own side, may be empty
/// @param pickle base64 of the pickled exception, only for calls whose input was a pickle
public record CallError(
        String reason, String type, String message, String traceback, @Nullable String pickle) {}
