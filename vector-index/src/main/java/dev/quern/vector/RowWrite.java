package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A write whose effect may depend on the rows that are there. What it comes to is decided under
/// locks of its rows, so that no other write comes between, and only that is stored.
///
/// @param mode what becomes of a row by whether its id is there
/// @param rows at most 10,000; of two with one id the last counts, with its condition
/// @param deletes at most 10,000; no id of `rows`; unknown ids are ignored
/// @param ids what the collection's ids become if nothing has decided it and rows are written;
///   empty: strings
public record RowWrite(
        Mode mode, List<RowChange> rows, List<Delete> deletes, Optional<IdType> ids) {
    /// What becomes of a row.
    public enum Mode {
        /// It replaces the row of its id, if there is one.
        UPSERT,
        /// It is skipped if there is a row of its id.
        INSERT,
        /// It replaces the row of its id; it is skipped if there is none.
        UPDATE,
        /// It is merged into the row of its id; it is skipped if there is none.
        PATCH;

        /// The mode that a request names.
        ///
        /// @param name in small letters; null: upsert
        /// @param allowed two or more, in the order in which an error tells them
        /// @throws QuernException `INVALID` for any other
        public static Mode of(@Nullable String name, List<Mode> allowed) {
            String asked = Objects.requireNonNullElse(name, UPSERT.word());
            for (Mode mode : allowed) {
                if (mode.word().equals(asked)) {
                    return mode;
                }
            }
            List<String> words = allowed.stream().map(Mode::word).toList();
            throw QuernException.invalid(
                    "'mode' must be "
                            + String.join(", ", words.subList(0, words.size() - 1))
                            + " or "
                            + words.getLast()
                            + ", got \""
                            + Names.abbreviate(asked)
                            + "\"");
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A row to delete.
    ///
    /// @param ifVersion if the row's version is another one, the whole write is refused; 0: if
    ///   there is a row
    public record Delete(String id, OptionalLong ifVersion) {}

    /// Copies the lists.
    public RowWrite {
        rows = List.copyOf(rows);
        deletes = List.copyOf(deletes);
    }

    /// A write that takes ids as they are.
    public RowWrite(Mode mode, List<RowChange> rows, List<Delete> deletes) {
        this(mode, rows, deletes, Optional.empty());
    }

    /// Writes rows.
    public static RowWrite of(Mode mode, List<Row> rows) {
        return new RowWrite(mode, rows.stream().map(RowChange::of).toList(), List.of());
    }

    /// Deletes a row if it has a version.
    public static RowWrite deleteIf(String id, long version) {
        return new RowWrite(
                Mode.UPSERT, List.of(), List.of(new Delete(id, OptionalLong.of(version))));
    }

    /// The same, as the first write of a collection whose ids nothing has decided.
    public RowWrite deciding(IdType type) {
        return new RowWrite(mode, rows, deletes, Optional.of(type));
    }

    /// Whether it does the same whatever rows are there.
    boolean isPlain() {
        return mode == Mode.UPSERT
                && rows.stream().allMatch(row -> row.ifVersion().isEmpty())
                && deletes.stream().allMatch(delete -> delete.ifVersion().isEmpty());
    }

    /// Its rows and deletes, without conditions.
    WriteBatch batch() {
        List<Row> upserts = new ArrayList<>(rows.size());
        rows.forEach(row -> upserts.add(row.row()));
        return new WriteBatch(upserts, deletes.stream().map(Delete::id).toList(), Optional.empty());
    }
}
