package dev.quern.vector;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/// A row of a [RowWrite].
///
/// @param row all of it, or for a patch its id and what replaces what is there
/// @param removed what a patch takes away; nothing otherwise
/// @param ifVersion if the version of the row that is there is another one, the whole write is
///   refused; 0: if there is a row
public record RowChange(Row row, Removed removed, OptionalLong ifVersion) {
    /// Names of fields that a patch takes away; those that the row lacks are ignored.
    public record Removed(Set<String> vectors, Set<String> texts, Set<String> attributes) {
        /// Nothing.
        public static final Removed NOTHING = new Removed(Set.of(), Set.of(), Set.of());

        /// Copies the sets.
        public Removed {
            vectors = Set.copyOf(vectors);
            texts = Set.copyOf(texts);
            attributes = Set.copyOf(attributes);
        }

        boolean isNothing() {
            return vectors.isEmpty() && texts.isEmpty() && attributes.isEmpty();
        }
    }

    /// A row without a condition.
    public static RowChange of(Row row) {
        return new RowChange(row, Removed.NOTHING, OptionalLong.empty());
    }

    /// A row to write only if there is one of this version; 0: only if there is none.
    public static RowChange ifVersion(Row row, long version) {
        return new RowChange(row, Removed.NOTHING, OptionalLong.of(version));
    }

    /// The change with another row.
    public RowChange with(Row other) {
        return new RowChange(other, removed, ifVersion);
    }

    /// What the patch makes of a row.
    Row appliedTo(Row current) {
        return new Row(
                current.id(),
                merged(current.vectors(), row.vectors(), removed.vectors()),
                merged(current.texts(), row.texts(), removed.texts()),
                merged(current.attributes(), row.attributes(), removed.attributes()),
                0,
                row.expires().or(current::expires));
    }

    private static <T> Map<String, T> merged(
            Map<String, T> current, Map<String, T> given, Set<String> removed) {
        Map<String, T> merged = new TreeMap<>(current);
        merged.keySet().removeAll(removed);
        merged.putAll(given);
        return merged;
    }
}
