package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A call.
///
/// @param id unique
/// @param function name
/// @param version the version that ran
/// @param status `queued`, `running`, `succeeded`, `failed`, `timed_out` or `cancelled`
/// @param createdAt ISO-8601
/// @param index position in a map
/// @param output when succeeded
/// @param error when failed, timed out or cancelled
/// @param logs the last 64 KiB of what the function printed
/// @param receipt when finished
public record CallBody(
        String id,
        String function,
        int version,
        String status,
        String createdAt,
        @Nullable Integer index,
        @Nullable Payload output,
        @Nullable CallError error,
        @Nullable String logs,
        @Nullable Receipt receipt) {}
