package dev.quern.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/// Which fields the rows of an answer have; each has its id in any case.
///
/// @param only these vectors, texts and attributes; empty: every text and attribute, and the
///   vectors if `vectors`
/// @param without none of these, whatever else is said
/// @param vectors whether every vector, when `only` is empty
/// @param versions whether version and expiry, beside the fields
public record RowFields(
        Optional<Set<String>> only, Set<String> without, boolean vectors, boolean versions) {
    /// Copies the sets.
    public RowFields {
        only = only.map(Set::copyOf);
        without = Set.copyOf(without);
    }

    /// Fields without version and expiry.
    public RowFields(Optional<Set<String>> only, Set<String> without, boolean vectors) {
        this(only, without, vectors, false);
    }

    /// Every text and attribute.
    public static RowFields withoutVectors() {
        return new RowFields(Optional.empty(), Set.of(), false);
    }

    /// Nothing but the id.
    public static RowFields none() {
        return new RowFields(Optional.of(Set.of()), Set.of(), false);
    }

    /// The same, with version and expiry.
    public RowFields withVersions() {
        return new RowFields(only, without, vectors, true);
    }

    /// Whether the id is all.
    boolean isNone() {
        return !versions && only.filter(Set::isEmpty).isPresent();
    }

    /// Everything.
    public static RowFields all() {
        return new RowFields(Optional.empty(), Set.of(), true);
    }

    /// The names that the schema has no field for.
    List<String> unknown(CollectionSchema schema) {
        List<String> named = new ArrayList<>(only.orElse(Set.of()));
        named.addAll(without);
        named.removeIf(name ->
                schema.vectors().containsKey(name)
                        || schema.texts().containsKey(name)
                        || schema.attributes().containsKey(name));
        return named.stream().sorted().toList();
    }

    /// The vector fields to read.
    List<String> vectorFields(CollectionSchema schema) {
        return schema.vectors().keySet().stream().filter(name -> has(name, vectors)).toList();
    }

    /// The row with the texts and attributes that are wanted.
    Row cut(Row row) {
        if (only.isEmpty() && without.isEmpty()) {
            return row;
        }
        return new Row(
                row.id(),
                row.vectors(),
                kept(row.texts()),
                kept(row.attributes()),
                row.version(),
                row.expires());
    }

    private <T> Map<String, T> kept(Map<String, T> fields) {
        Map<String, T> kept = new TreeMap<>(fields);
        Predicate<String> wanted = name -> has(name, true);
        kept.keySet().removeIf(wanted.negate());
        return kept;
    }

    private boolean has(String name, boolean byDefault) {
        return !without.contains(name) && only.map(names -> names.contains(name)).orElse(byDefault);
    }
}
