package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.wire.RowBody;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.RowTerms;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A row whose fields come by their names.
final class FlatRow {
    static final String ATTRIBUTES = "attributes";
    static final String TEXTS = "texts";
    static final String VECTORS = "vectors";

    /// Keys of a row that hold fields.
    static final Set<String> CONTAINERS = Set.of(ATTRIBUTES, TEXTS, VECTORS);

    static final String VERSION = "version";
    static final String EXPIRES_AT = RowTerms.EXPIRES_AT;
    static final String TTL = RowTerms.TTL;
    static final String IF_VERSION = RowTerms.IF_VERSION;
    static final String IF_ABSENT = RowTerms.IF_ABSENT;

    /// Keys of a row that say something of it; an attribute of such a name comes in [#ATTRIBUTES].
    static final Set<String> SAID = Set.of(VERSION, EXPIRES_AT, TTL, IF_VERSION, IF_ABSENT);

    private final RowReading reading;
    private final CollectionSchema schema;
    private final Map<String, Object> attributes = new TreeMap<>();
    private final Map<String, String> texts = new TreeMap<>();
    private final Map<String, List<Float>> vectors = new TreeMap<>();
    private final Map<String, Object> said = new TreeMap<>();
    private @Nullable String id;

    FlatRow(RowReading reading) {
        this.reading = reading;
        this.schema = reading.schema();
    }

    /// Whether null removes this field.
    boolean isRemovable(String name) {
        return reading.isPatch() && isField(name);
    }

    /// Whether a patch by filter may have this key.
    boolean isSettable(String name) {
        return isField(name) || name.equals(EXPIRES_AT) || name.equals(TTL);
    }

    private boolean isField(String name) {
        return !name.equals("id") && !reading.isSaid(name) && !CONTAINERS.contains(name);
    }

    /// Takes a field.
    ///
    /// @param value of the Java type that its [FieldKind] has in a [RowBody]; null in a patch
    /// @return false if it is there already
    boolean put(String name, @Nullable Object value) {
        if (reading.isSaid(name)) {
            return value == null || said.put(name, value) == null;
        }
        return switch (FieldKind.of(name, schema)) {
            case ID -> {
                boolean first = id == null;
                id = (String) value;
                yield first;
            }
            case VECTOR -> putIn(VECTORS, name, value);
            case TEXT -> putIn(TEXTS, name, value);
            case ATTRIBUTE -> putIn(ATTRIBUTES, name, value);
        };
    }

    /// Takes a field of a container.
    ///
    /// @return false if it is there already
    boolean putIn(String container, String name, @Nullable Object value) {
        return switch (container) {
            case VECTORS -> put(vectors, name, floats(value));
            case TEXTS -> put(texts, name, (String) value);
            default -> put(attributes, name, value);
        };
    }

    @SuppressWarnings("NullAway") // a null removes
    private static <T> boolean put(Map<String, T> fields, String name, @Nullable T value) {
        boolean first = !fields.containsKey(name);
        fields.put(name, value);
        return first;
    }

    @SuppressWarnings("unchecked") // by the way it was read
    private static @Nullable List<Float> floats(@Nullable Object value) {
        return (List<Float>) value;
    }

    /// The row; whoever checks it sees whether it has an id.
    @SuppressWarnings("NullAway")
    RowBody body() {
        return new RowBody(
                id,
                null,
                null,
                attributes,
                texts,
                vectors,
                null,
                (String) said.get(EXPIRES_AT),
                (Long) said.get(TTL),
                (Long) said.get(IF_VERSION),
                (Boolean) said.get(IF_ABSENT));
    }

    /// The rows of columns.
    ///
    /// @param columns lists of values as [#put] takes them, or null
    /// @throws QuernException `INVALID` naming the column that is missing or of another length
    static List<RowBody> rows(Map<String, Object> columns, RowReading reading) {
        if (!(columns.get("id") instanceof List<?> ids)) {
            throw QuernException.invalid("missing required field 'columns.id'");
        }
        List<FlatRow> rows = new ArrayList<>(ids.size());
        for (int i = 0; i < ids.size(); i++) {
            if (ids.get(i) == null) {
                throw QuernException.invalid("'columns.id[" + i + "]' must not be null");
            }
            rows.add(new FlatRow(reading));
        }
        columns.forEach((name, column) -> fill(rows, name, (List<?>) column));
        return rows.stream().map(FlatRow::body).toList();
    }

    private static void fill(List<FlatRow> rows, String name, List<?> values) {
        if (values.size() != rows.size()) {
            throw QuernException.invalid(
                    "'columns."
                            + Names.abbreviate(name)
                            + "' has "
                            + values.size()
                            + " values, 'columns.id' has "
                            + rows.size()
                            + ": columns must be of one length");
        }
        for (int i = 0; i < rows.size(); i++) {
            Object value = values.get(i);
            if (value != null || rows.get(i).isRemovable(name)) {
                rows.get(i).put(name, value);
            }
        }
    }
}
