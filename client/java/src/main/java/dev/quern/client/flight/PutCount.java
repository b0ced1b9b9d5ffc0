package dev.quern.client.flight;

import java.util.ArrayList;
import java.util.List;

/// What became of rows that were put.
///
/// @param upserted rows written, those of one id in a batch counted once
/// @param token of the last write; 0 if there were no rows
/// @param skipped rows that the mode passed over
/// @param skippedIds ids of the first 1,000 of them in each batch
public record PutCount(long upserted, long token, long skipped, List<String> skippedIds) {
    /// Nothing.
    static final PutCount NOTHING = new PutCount(0, 0, 0, List.of());

    /// Copies the ids.
    public PutCount {
        skippedIds = skippedIds == null ? List.of() : List.copyOf(skippedIds);
    }

    /// Adds a later answer.
    PutCount and(PutCount later) {
        List<String> ids = new ArrayList<>(skippedIds);
        ids.addAll(later.skippedIds);
        return new PutCount(upserted + later.upserted, later.token, skipped + later.skipped, ids);
    }
}
