package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Answer to an upsert or a patch.
///
/// @param upserted rows now durable and visible to searches
/// @param token position in the write log, ascending
/// @param performance what it cost
/// @param skipped rows that the mode passed over; absent if there are none
/// @param skippedIds ids of the first 1,000 of them
public record UpsertResult(
        int upserted,
        long token,
        Performance performance,
        @Nullable Integer skipped,
        @Nullable List<String> skippedIds) {}
