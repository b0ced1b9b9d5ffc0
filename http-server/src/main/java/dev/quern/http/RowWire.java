package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.wire.DeleteRows;
import dev.quern.common.wire.RowBody;
import dev.quern.vector.Consistency;
import dev.quern.vector.RowChange;
import dev.quern.vector.RowTerms;
import dev.quern.vector.RowWrite;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Writes of rows, and the consistency of reads, as the wire has them.
final class RowWire {
    private RowWire() {}

    /// The mode of an upsert.
    ///
    /// @throws QuernException `INVALID` for any other
    static RowWrite.Mode mode(@Nullable String mode) {
        return RowWrite.Mode.of(
                mode, List.of(RowWrite.Mode.UPSERT, RowWrite.Mode.INSERT, RowWrite.Mode.UPDATE));
    }

    /// A write of rows.
    ///
    /// @param now from which times to live count
    /// @param ttl of rows that do not say when they expire
    /// @throws QuernException `INVALID` naming the row and what is wrong
    static RowWrite write(RowWrite.Mode mode, List<RowBody> rows, Instant now, @Nullable Long ttl) {
        Optional<Instant> byDefault = RowTerms.byDefault(ttl, now);
        List<RowChange> changes = new ArrayList<>(rows.size());
        for (RowBody body : rows) {
            changes.add(change(body, now, byDefault));
        }
        return new RowWrite(mode, changes, List.of());
    }

    private static RowChange change(RowBody body, Instant now, Optional<Instant> byDefault) {
        return new RowTerms(body.expiresAt(), body.ttl(), body.ifVersion(), body.ifAbsent())
                .change(CollectionWire.row(given(body)), removed(body), now, byDefault);
    }

    /// The fields that have a value.
    private static RowBody given(RowBody body) {
        return new RowBody(
                body.id(),
                body.text(),
                body.vector(),
                given(body.attributes()),
                given(body.texts()),
                given(body.vectors()));
    }

    private static <T> @Nullable Map<String, T> given(@Nullable Map<String, T> fields) {
        if (fields == null || !fields.containsValue(null)) {
            return fields;
        }
        Map<String, T> given = new TreeMap<>(fields);
        given.values().removeIf(Objects::isNull);
        return given;
    }

    private static RowChange.Removed removed(RowBody body) {
        return new RowChange.Removed(
                nulls(body.vectors()), nulls(body.texts()), nulls(body.attributes()));
    }

    private static Set<String> nulls(@Nullable Map<String, ?> fields) {
        if (fields == null || !fields.containsValue(null)) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        fields.forEach((name, value) -> {
            if (value == null) {
                names.add(name);
            }
        });
        return names;
    }

    /// What to do to every row that a filter selects.
    ///
    /// @param set as [RowJson] reads columns, with a value each
    static RowChange patch(
            Map<String, Object> set, RowReading reading, Instant now, @Nullable Long ttl) {
        FlatRow row = new FlatRow(reading);
        set.forEach(row::put);
        row.put("id", "patch");
        return write(RowWrite.Mode.PATCH, List.of(row.body()), now, ttl).rows().getFirst();
    }

    /// A delete by ids.
    ///
    /// @throws QuernException `INVALID` for a condition on an id that is not to be deleted
    static RowWrite deletes(List<String> ids, DeleteRows body) {
        Map<String, Long> versions = Objects.requireNonNullElse(body.ifVersions(), Map.of());
        Set<String> others = new HashSet<>(versions.keySet());
        ids.forEach(others::remove);
        if (!others.isEmpty()) {
            throw QuernException.invalid(
                    "'if_versions' has \""
                            + Names.abbreviate(others.iterator().next())
                            + "\", which is not in 'ids'");
        }
        List<RowWrite.Delete> deletes = new ArrayList<>();
        for (String id : ids) {
            Long version = versions.get(id);
            deletes.add(
                    new RowWrite.Delete(
                            id, version == null ? OptionalLong.empty() : OptionalLong.of(version)));
        }
        return new RowWrite(RowWrite.Mode.UPSERT, List.of(), deletes);
    }

    /// The consistency of a read.
    ///
    /// @throws QuernException `INVALID` if it is none, or both are given
    static Consistency consistency(Optional<String> level, OptionalLong atLeast) {
        if (level.isPresent() && atLeast.isPresent()) {
            throw QuernException.invalid("'consistency' and 'at_least' exclude each other");
        }
        if (atLeast.isPresent()) {
            return new Consistency.AtLeast(atLeast.getAsLong());
        }
        return switch (level.orElse("strong").toLowerCase(Locale.ROOT)) {
            case "strong" -> Consistency.strong();
            case "eventual" -> new Consistency.Eventual();
            default ->
                    throw QuernException.invalid(
                            "'consistency' must be strong or eventual, got \""
                                    + Names.abbreviate(level.orElse(""))
                                    + "\"");
        };
    }

    /// The same, of a body.
    static Consistency consistency(@Nullable String level, @Nullable Long atLeast) {
        return consistency(
                Optional.ofNullable(level),
                atLeast == null ? OptionalLong.empty() : OptionalLong.of(atLeast));
    }
}
