package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A run of `gc`, `compact`, `fsck`, `repair` or `backup`.
///
/// @param id its name, such as `gc-1795363322`; not used again
/// @param kind `gc`, `compact`, `fsck`, `repair` or `backup`
/// @param state `running`, `cancelling` (it stops soon), `done`, `failed` or `cancelled`
/// @param phase what it does now, or did last
/// @param unit what `done` and `total` count: `chunks` or `bytes`
/// @param done of this phase; never less than before in the same phase
/// @param total of this phase; absent where it is not known
/// @param startedAt ISO-8601
/// @param endedAt ISO-8601; absent while it runs
/// @param error why it failed
public record StorageOperation(
        String id,
        String kind,
        String state,
        String phase,
        String unit,
        long done,
        @Nullable Long total,
        String startedAt,
        @Nullable String endedAt,
        @Nullable String error) {}
