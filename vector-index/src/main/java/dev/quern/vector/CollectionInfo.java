package dev.quern.vector;

import java.time.Instant;
import java.util.List;

/// A collection as it is now, or was in a snapshot.
///
/// @param name unique in its space
/// @param id never reused, 16 hex digits
/// @param createdAt when
/// @param schema its fields
/// @param rows live rows
/// @param aliases other names that mean it now, in order
/// @param epoch token of the last rollback; 0 before the first
public record CollectionInfo(
        String name,
        String id,
        Instant createdAt,
        CollectionSchema schema,
        long rows,
        List<String> aliases,
        long epoch) {
    /// Copies the list.
    public CollectionInfo {
        aliases = List.copyOf(aliases);
    }
}
