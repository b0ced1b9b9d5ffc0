package dev.quern.vector;

import java.util.List;

/// A write that is durable and visible to every search that begins from now on.
///
/// @param token position in the log, ascending within a space; the version of the rows written. Of
///   a write that skipped all of its rows, that of the collection's last write
/// @param upserted rows written, duplicates within the batch counted once
/// @param deleted rows that were there and that the batch's deletes removed
/// @param skipped rows that were there, or were not, against the write's mode
public record WriteResult(long token, int upserted, int deleted, Skipped skipped) {
    /// Rows that were not written.
    ///
    /// @param count of them
    /// @param ids of the first [#MAX_IDS], in the order of the batch
    public record Skipped(int count, List<String> ids) {
        /// The most ids told.
        public static final int MAX_IDS = 1_000;

        /// None.
        public static final Skipped NONE = new Skipped(0, List.of());

        /// Copies the list.
        public Skipped {
            ids = List.copyOf(ids);
        }

        static Skipped of(List<String> ids) {
            return new Skipped(ids.size(), ids.subList(0, Math.min(MAX_IDS, ids.size())));
        }
    }

    /// The result of a write that skipped nothing.
    public WriteResult(long token, int upserted, int deleted) {
        this(token, upserted, deleted, Skipped.NONE);
    }
}
