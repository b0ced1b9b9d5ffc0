package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A collection's fields as a fact has them. Immutable; of two of one collection between two
/// rollbacks the one with the greater version has every field of the other.
///
/// @param version log index of the fact; 0 before there is one
/// @param tuned widths of walks by vector field, of some or none
record Schema(long version, CollectionSchema fields, NavigableMap<String, TunedWidth> tuned) {
    /// Copies the map.
    Schema {
        tuned = Collections.unmodifiableNavigableMap(new TreeMap<>(tuned));
    }

    /// With nothing tuned.
    Schema(long version, CollectionSchema fields) {
        this(version, fields, new TreeMap<>());
    }

    /// The schema with other fields.
    Schema with(CollectionSchema others) {
        return new Schema(version, others, tuned);
    }

    /// The schema with a field's width tuned, or not any more.
    ///
    /// @throws QuernException `INVALID` naming the fields there are
    Schema withTuned(String field, Optional<TunedWidth> width) {
        vector(field);
        TreeMap<String, TunedWidth> changed = new TreeMap<>(tuned);
        changed.remove(field);
        width.ifPresent(w -> changed.put(field, w));
        return new Schema(version, fields, changed);
    }

    /// The type of an attribute; null if no row had it and none was declared.
    @Nullable AttributeType find(String attribute) {
        return fields.attributes().get(attribute);
    }

    /// Whether no attribute is known.
    boolean hasNoAttributes() {
        return fields.attributes().isEmpty();
    }

    /// @throws QuernException `INVALID` naming the fields there are
    VectorField vector(String name) {
        VectorField field = fields.vectors().get(name);
        if (field == null) {
            throw QuernException.invalid(unknown("vector", name, fields.vectors()));
        }
        return field;
    }

    /// @throws QuernException `INVALID` naming the fields there are
    TextField text(String name) {
        TextField field = fields.texts().get(name);
        if (field == null) {
            throw QuernException.invalid(unknown("text", name, fields.texts()));
        }
        return field;
    }

    private static String unknown(String kind, String name, Map<String, ?> fields) {
        return "collection has no "
                + kind
                + " field \""
                + Names.abbreviate(name)
                + "\", it has "
                + (fields.isEmpty() ? "none" : String.join(", ", fields.keySet()));
    }

    /// The schema with the attributes of rows added that it lacks, and its id type decided; the
    /// same object when nothing is new. A new attribute that is an integer in some rows and a
    /// decimal in others is a decimal; an empty list declares nothing.
    ///
    /// @throws QuernException `INVALID` at the bound on attributes; for any new attribute when the
    ///   schema is strict
    Schema with(List<Row> rows) {
        Map<String, AttributeType> added = new TreeMap<>();
        for (Row row : rows) {
            for (Map.Entry<String, Object> attribute : row.attributes().entrySet()) {
                String name = attribute.getKey();
                if (find(name) == null && !isEmptyList(attribute.getValue())) {
                    requireOpen(row, name);
                    added.merge(name, AttributeType.of(attribute.getValue()), Schema::wider);
                }
            }
        }
        if (added.isEmpty() && (rows.isEmpty() || fields.idType().isPresent())) {
            return this;
        }
        TreeMap<String, AttributeType> all = new TreeMap<>(fields.attributes());
        all.putAll(added);
        return with(
                new CollectionSchema(
                        fields.vectors(), fields.texts(), all, fields.strict(), idType(rows)));
    }

    /// Rows that come before anything has decided the type of ids decide it: strings.
    private Optional<IdType> idType(List<Row> rows) {
        return rows.isEmpty() ? fields.idType() : Optional.of(fields.ids());
    }

    private void requireOpen(Row row, String name) {
        if (fields.strict()) {
            throw QuernException.invalid(
                    about(row, name)
                            + " is not in the schema, which is strict: add it to the collection"
                            + " first, or leave it out; it has "
                            + (hasNoAttributes()
                                    ? "none"
                                    : String.join(", ", fields.attributes().keySet())));
        }
    }

    private static boolean isEmptyList(Object value) {
        return value instanceof List<?> list && list.isEmpty();
    }

    private static AttributeType wider(AttributeType a, AttributeType b) {
        if (a == b) {
            return a;
        }
        boolean lists = a.isList() && b.isList();
        AttributeType x = a.element();
        AttributeType y = b.element();
        boolean numbers =
                (x == AttributeType.LONG && y == AttributeType.DOUBLE)
                        || (x == AttributeType.DOUBLE && y == AttributeType.LONG);
        if (numbers && lists == (a.isList() || b.isList())) {
            return lists ? AttributeType.DOUBLES : AttributeType.DOUBLE;
        }
        return a;
    }

    /// The row with its attributes in the collection's types: integers become decimals where the
    /// attribute is one, strings moments where it is a datetime.
    ///
    /// @throws QuernException `INVALID` naming the row, the attribute, and both types
    Row conform(Row row) {
        Map<String, Object> conformed = null;
        for (Map.Entry<String, Object> attribute : row.attributes().entrySet()) {
            AttributeType wanted = find(attribute.getKey());
            Object value = attribute.getValue();
            Object fit = wanted == null ? value : fit(wanted, value);
            if (fit == null) {
                throw mismatch(row, attribute.getKey(), wanted, value);
            }
            if (!fit.equals(value)) {
                conformed = conformed == null ? new TreeMap<>(row.attributes()) : conformed;
                conformed.put(attribute.getKey(), fit);
            }
        }
        return conformed == null ? row : row.withAttributes(conformed);
    }

    /// The value in the wanted type; null if it has none.
    private static @Nullable Object fit(AttributeType wanted, Object value) {
        if (wanted == AttributeType.JSON || wanted == AttributeType.of(value)) {
            return value;
        }
        if (value instanceof List<?> list) {
            return wanted.isList() ? fitAll(wanted.element(), list) : null;
        }
        return wanted.isList() ? null : fitOne(wanted, value);
    }

    private static @Nullable Object fitOne(AttributeType wanted, @Nullable Object value) {
        if (value != null && wanted == AttributeType.of(value)) {
            return value;
        }
        if (wanted == AttributeType.DOUBLE && value instanceof Long whole) {
            return Numbers.isExact(whole) ? (Object) (double) whole : null;
        }
        if (wanted == AttributeType.DATETIME && value instanceof String text) {
            return Moments.find(text).orElse(null);
        }
        return null;
    }

    private static @Nullable Object fitAll(AttributeType wanted, List<?> list) {
        Object[] fit = new Object[list.size()];
        for (int i = 0; i < fit.length; i++) {
            Object element = fitOne(wanted, list.get(i));
            if (element == null) {
                return null;
            }
            fit[i] = element;
        }
        return List.of(fit);
    }

    private static QuernException mismatch(
            Row row, String name, @Nullable AttributeType wanted, Object found) {
        return QuernException.invalid(
                about(row, name)
                        + " is "
                        + (wanted == null ? "unknown" : wanted.phrase())
                        + " in this collection, got "
                        + (found instanceof String text && isMoment(wanted)
                                ? "\"" + Names.abbreviate(text) + "\", expected " + Moments.EXPECTED
                                : AttributeType.of(found).phrase())
                        + ": convert the value, or use another attribute name");
    }

    private static boolean isMoment(@Nullable AttributeType type) {
        return type == AttributeType.DATETIME;
    }

    private static String about(Row row, String name) {
        return "row \""
                + Names.abbreviate(row.id())
                + "\": attribute \""
                + Names.abbreviate(name)
                + "\"";
    }
}
