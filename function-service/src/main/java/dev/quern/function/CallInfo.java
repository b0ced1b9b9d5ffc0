package dev.quern.function;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/// A call, as it stood when asked.
///
/// @param id unique
/// @param function its name
/// @param version the version that runs it
/// @param status where it stands
/// @param createdAt when it was accepted
/// @param index position in a map, only while that map is answered
/// @param output when succeeded
/// @param failure when failed, timed out or cancelled
/// @param logs the last 64 KiB of what the function printed; empty in lists and before the end
/// @param receipt when an instance ran it to its end
public record CallInfo(
        CallId id,
        String function,
        int version,
        CallStatus status,
        Instant createdAt,
        OptionalInt index,
        Optional<CallOutput> output,
        Optional<CallFailure> failure,
        String logs,
        Optional<CallReceipt> receipt) {}
