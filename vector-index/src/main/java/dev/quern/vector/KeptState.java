package dev.quern.vector;

import dev.quern.storage.Key;
import dev.quern.vector.HistoryFormat.Point;
import dev.quern.vector.SnapshotFormat.Kept;

/// Rows of a collection as they were: a snapshot, or what its history has after a write.
sealed interface KeptState permits Kept, KeptState.Past {
    /// Tells it from the other states of its collection: 16 hex digits.
    String key();

    /// For messages.
    String what();

    /// A state of the history.
    ///
    /// @param asked for messages
    /// @param token the last write that it has
    /// @param base where to replay from
    /// @param schema has the fields of every row
    record Past(String asked, long token, Point base, Schema schema) implements KeptState {
        @Override
        public String key() {
            return Key.number(token);
        }

        @Override
        public String what() {
            return "state at " + asked;
        }
    }
}
