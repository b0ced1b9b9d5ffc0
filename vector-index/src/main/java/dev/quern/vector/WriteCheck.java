package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a write may hold. All bounds are checked before anything is written.
final class WriteCheck {
    static final int MAX_ROWS = 10_000;
    static final int MAX_ID_BYTES = 512;
    static final int MAX_TEXT_BYTES = 1 << 20;
    static final int MAX_ROW_ATTRIBUTES = 64;
    static final int MAX_NAME_BYTES = 128;

    /// Below the 32,766 bytes of Lucene's longest term.
    static final int MAX_STRING_BYTES = 16 << 10;

    static final int MAX_ELEMENTS = 1_000;
    static final int MAX_ATTRIBUTE_BYTES = 64 << 10;

    private final Schema schema;

    WriteCheck(Schema schema) {
        this.schema = schema;
    }

    /// The batch as it is written: one row per id (the last), vectors as indexed.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    WriteBatch check(WriteBatch batch) {
        return check(batch, true);
    }

    /// The same for rows that are parts of rows: they may be without a vector.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    WriteBatch checkParts(WriteBatch batch) {
        return check(batch, false);
    }

    private WriteBatch check(WriteBatch batch, boolean whole) {
        if (batch.upserts().isEmpty()
                && batch.deleteIds().isEmpty()
                && batch.deleteWhere().isEmpty()) {
            throw QuernException.invalid("write batch is empty");
        }
        requireCount("rows", batch.upserts().size());
        requireCount("ids to delete", batch.deleteIds().size());
        LinkedHashSet<String> deleteIds = new LinkedHashSet<>();
        for (String id : batch.deleteIds()) {
            schema.fields().ids().check("id to delete", id);
            deleteIds.add(id);
        }
        Map<String, Row> rows = new LinkedHashMap<>();
        for (int i = 0; i < batch.upserts().size(); i++) {
            Row row = checkRow(i, batch.upserts().get(i), whole);
            rows.remove(row.id());
            rows.put(row.id(), row);
        }
        return new WriteBatch(
                new ArrayList<>(rows.values()), List.copyOf(deleteIds), batch.deleteWhere());
    }

    private static void requireCount(String what, int count) {
        if (count > MAX_ROWS) {
            throw QuernException.invalid(
                    "write batch holds "
                            + count
                            + " "
                            + what
                            + ", the bound is "
                            + MAX_ROWS
                            + ": split it");
        }
    }

    private Row checkRow(int index, Row row, boolean whole) {
        schema.fields().ids().check("row " + index + ": id", row.id());
        String what = "row \"" + Names.abbreviate(row.id()) + "\": ";
        row.texts()
                .forEach((name, text) -> {
                    inRow(what, () -> schema.text(name));
                    requireBytes(what + "text \"" + name + "\"", text, 0, MAX_TEXT_BYTES);
                });
        checkAttributes(what, row.attributes());
        if (whole) {
            requireVector(what, row.vectors());
        }
        return row.withVectors(checkVectors(what, row.vectors()));
    }

    /// Checks a row that was merged from checked parts.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    void checkWhole(Row row) {
        String what = "row \"" + Names.abbreviate(row.id()) + "\": ";
        requireVector(what, row.vectors());
        checkAttributes(what, row.attributes());
    }

    /// Checks what a row has beside its fields.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    void checkChange(RowWrite.Mode mode, RowChange change) {
        String what = "row \"" + Names.abbreviate(change.row().id()) + "\": ";
        checkVersion(what, change.ifVersion());
        RowChange.Removed removed = change.removed();
        if (mode != RowWrite.Mode.PATCH && !removed.isNothing()) {
            throw QuernException.invalid(what + "only a patch removes fields");
        }
        removed.vectors().forEach(name -> inRow(what, () -> schema.vector(name)));
        removed.texts().forEach(name -> inRow(what, () -> schema.text(name)));
        removed.attributes().forEach(name -> checkAttributeName(what + "attribute name", name));
    }

    /// Checks a delete beside its id.
    ///
    /// @param rows ids of the rows of the same write
    /// @throws QuernException `INVALID` naming the row and what is wrong
    static void checkDelete(RowWrite.Delete delete, Set<String> rows) {
        String what = "row \"" + Names.abbreviate(delete.id()) + "\": ";
        checkVersion(what, delete.ifVersion());
        if (rows.contains(delete.id())) {
            throw QuernException.invalid(what + "is to be written and deleted in one write");
        }
    }

    private static void checkVersion(String what, OptionalLong ifVersion) {
        if (ifVersion.isPresent() && ifVersion.getAsLong() < 0) {
            throw QuernException.invalid(
                    what + "expected version must not be below 0, got " + ifVersion.getAsLong());
        }
    }

    private void requireVector(String what, Map<String, float[]> vectors) {
        if (vectors.isEmpty() && !schema.fields().vectors().isEmpty()) {
            throw QuernException.invalid(
                    what
                            + "has no vector, expected one in "
                            + String.join(" or ", schema.fields().vectors().keySet()));
        }
    }

    private Map<String, float[]> checkVectors(String what, Map<String, float[]> vectors) {
        Map<String, float[]> admitted = new TreeMap<>();
        vectors.forEach((name, vector) -> {
            VectorField field = inRow(what, () -> schema.vector(name));
            admitted.put(name, Vectors.admit(what + "vector", name, vector, field));
        });
        return admitted;
    }

    private static <T> T inRow(String what, Supplier<T> lookup) {
        try {
            return lookup.get();
        } catch (QuernException e) {
            throw new QuernException(e.kind(), what + e.getMessage(), e);
        }
    }

    static void checkStringId(String what, String id) {
        requireBytes(what, id, 1, MAX_ID_BYTES);
    }

    /// Checks a name and gives its bytes.
    static long checkAttributeName(String what, String name) {
        return requireBytes(what, name, 1, MAX_NAME_BYTES);
    }

    private static void checkAttributes(String what, Map<String, Object> attributes) {
        if (attributes.size() > MAX_ROW_ATTRIBUTES) {
            throw QuernException.invalid(
                    what
                            + "has "
                            + attributes.size()
                            + " attributes, the bound is "
                            + MAX_ROW_ATTRIBUTES);
        }
        long total = 0;
        for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
            total += checkAttributeName(what + "attribute name", attribute.getKey());
            total +=
                    checkValue(
                            what + "attribute \"" + attribute.getKey() + "\"",
                            attribute.getValue());
        }
        if (total > MAX_ATTRIBUTE_BYTES) {
            throw QuernException.invalid(
                    what
                            + "attributes take "
                            + total
                            + " bytes, the bound is "
                            + MAX_ATTRIBUTE_BYTES
                            + ": long text belongs in \"text\"");
        }
    }

    private static long checkValue(String what, @Nullable Object value) {
        return switch (value) {
            case String string -> requireBytes(what, string, 0, MAX_STRING_BYTES);
            case Double number when !Double.isFinite(number) ->
                    throw QuernException.invalid(what + " must be a finite number, got " + number);
            case List<?> list -> checkElements(what, list);
            case Map<?, ?> object -> checkMembers(what, object);
            case null, default -> Long.BYTES;
        };
    }

    private static long checkElements(String what, List<?> list) {
        if (list.size() > MAX_ELEMENTS) {
            throw QuernException.invalid(
                    what + " lists " + list.size() + " values, the bound is " + MAX_ELEMENTS);
        }
        long total = 0;
        for (Object element : list) {
            total += checkValue(what, element);
        }
        return total;
    }

    private static long checkMembers(String what, Map<?, ?> object) {
        long total = 0;
        for (Map.Entry<?, ?> member : object.entrySet()) {
            total += requireBytes(what, (String) member.getKey(), 0, MAX_STRING_BYTES);
            total += checkValue(what, member.getValue());
        }
        return total;
    }

    private static long requireBytes(String what, String value, int min, int max) {
        long bytes = Utf8.length(value);
        if (bytes < 0) {
            throw QuernException.invalid(
                    what
                            + " holds half a surrogate pair, which is no character: \""
                            + Names.abbreviate(value).replaceAll("\\p{Cs}", "?")
                            + "\"");
        }
        if (bytes < min || bytes > max) {
            throw QuernException.invalid(
                    what + " must be " + min + " to " + max + " bytes of UTF-8, got " + bytes);
        }
        return bytes;
    }
}
