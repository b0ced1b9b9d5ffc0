package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// What a write may hold. All bounds are checked before anything is written.
final class WriteCheck {
    static final int MAX_ROWS = 10_000;
    static final int MAX_ID_BYTES = 512;
    static final int MAX_TEXT_BYTES = 1 << 20;
    static final int MAX_ROW_ATTRIBUTES = 64;
    static final int MAX_NAME_BYTES = 128;

    /// Below the 32,766 bytes of Lucene's longest term.
    static final int MAX_STRING_BYTES = 16 << 10;

    static final int MAX_STRINGS = 1_000;
    static final int MAX_ATTRIBUTE_BYTES = 64 << 10;

    private final Definition definition;

    WriteCheck(Definition definition) {
        this.definition = definition;
    }

    /// The batch as it is written: one row per id (the last), vectors as indexed.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    WriteBatch check(WriteBatch batch) {
        if (batch.upserts().isEmpty()
                && batch.deleteIds().isEmpty()
                && batch.deleteWhere().isEmpty()) {
            throw QuernException.invalid("write batch is empty");
        }
        requireCount("rows", batch.upserts().size());
        requireCount("ids to delete", batch.deleteIds().size());
        LinkedHashSet<String> deleteIds = new LinkedHashSet<>();
        for (String id : batch.deleteIds()) {
            checkId("id to delete", id);
            deleteIds.add(id);
        }
        Map<String, Row> rows = new LinkedHashMap<>();
        for (int i = 0; i < batch.upserts().size(); i++) {
            Row row = checkRow(i, batch.upserts().get(i));
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

    private Row checkRow(int index, Row row) {
        checkId("row " + index + ": id", row.id());
        String what = "row \"" + Names.abbreviate(row.id()) + "\": ";
        row.text().ifPresent(text -> requireBytes(what + "text", text, 0, MAX_TEXT_BYTES));
        checkAttributes(what, row.attributes());
        float[] vector = Vectors.admit(what + "vector", row.vector(), definition);
        return RowFormat.withVector(row, vector);
    }

    static void checkId(String what, String id) {
        requireBytes(what, id, 1, MAX_ID_BYTES);
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
            total += requireBytes(what + "attribute name", attribute.getKey(), 1, MAX_NAME_BYTES);
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

    private static long checkValue(String what, Object value) {
        return switch (value) {
            case String string -> requireBytes(what, string, 0, MAX_STRING_BYTES);
            case Double number when !Double.isFinite(number) ->
                    throw QuernException.invalid(what + " must be a finite number, got " + number);
            case List<?> strings -> checkStrings(what, strings);
            default -> Long.BYTES;
        };
    }

    private static long checkStrings(String what, List<?> strings) {
        if (strings.size() > MAX_STRINGS) {
            throw QuernException.invalid(
                    what + " lists " + strings.size() + " strings, the bound is " + MAX_STRINGS);
        }
        long total = 0;
        for (Object string : strings) {
            total += requireBytes(what, (String) string, 0, MAX_STRING_BYTES);
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
