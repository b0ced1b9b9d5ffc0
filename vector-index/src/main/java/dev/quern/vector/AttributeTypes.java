package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The attributes that rows of a collection have had, and the type of each. Only ever grows.
/// Immutable.
///
/// @param version log index of the fact; 0 before there is one
/// @param types by attribute name
record AttributeTypes(long version, Map<String, AttributeType> types) {
    /// The most attributes of a collection.
    static final int MAX_ATTRIBUTES = 256;

    AttributeTypes {
        types = Map.copyOf(types);
    }

    static AttributeTypes none() {
        return new AttributeTypes(0, Map.of());
    }

    /// How many attributes; equal sizes of two states of one collection mean equal types.
    int size() {
        return types.size();
    }

    @Nullable AttributeType find(String name) {
        return types.get(name);
    }

    /// The types with those of new attributes added; the same object when there are none. A new
    /// attribute that is an integer in some rows and a decimal in others is a decimal.
    ///
    /// @throws QuernException `INVALID` at the bound on attributes
    AttributeTypes with(List<Row> rows) {
        Map<String, AttributeType> added = new TreeMap<>();
        for (Row row : rows) {
            for (Map.Entry<String, Object> attribute : row.attributes().entrySet()) {
                if (!types.containsKey(attribute.getKey())) {
                    added.merge(
                            attribute.getKey(),
                            AttributeType.of(attribute.getValue()),
                            AttributeTypes::wider);
                }
            }
        }
        if (added.isEmpty()) {
            return this;
        }
        added.putAll(types);
        if (added.size() > MAX_ATTRIBUTES) {
            throw QuernException.invalid(
                    "collection would have "
                            + added.size()
                            + " different attributes, the bound is "
                            + MAX_ATTRIBUTES
                            + ": put what is not filtered on into one string attribute");
        }
        return new AttributeTypes(version, added);
    }

    private static AttributeType wider(AttributeType a, AttributeType b) {
        boolean numbers =
                (a == AttributeType.LONG && b == AttributeType.DOUBLE)
                        || (a == AttributeType.DOUBLE && b == AttributeType.LONG);
        return numbers ? AttributeType.DOUBLE : a;
    }

    /// The row with its attributes in the collection's types: integers become decimals where the
    /// attribute is one.
    ///
    /// @throws QuernException `INVALID` naming the row, the attribute, and both types
    Row conform(Row row) {
        Map<String, Object> conformed = null;
        for (Map.Entry<String, Object> attribute : row.attributes().entrySet()) {
            AttributeType wanted = types.get(attribute.getKey());
            AttributeType found = AttributeType.of(attribute.getValue());
            if (wanted == found || wanted == null) {
                continue;
            }
            if (wanted == AttributeType.DOUBLE
                    && attribute.getValue() instanceof Long whole
                    && Numbers.isExact(whole)) {
                conformed = conformed == null ? new TreeMap<>(row.attributes()) : conformed;
                conformed.put(attribute.getKey(), (double) whole);
            } else {
                throw mismatch(row, attribute.getKey(), wanted, found);
            }
        }
        return conformed == null ? row : new Row(row.id(), row.text(), row.vector(), conformed);
    }

    private static QuernException mismatch(
            Row row, String name, AttributeType wanted, AttributeType found) {
        return QuernException.invalid(
                "row \""
                        + Names.abbreviate(row.id())
                        + "\": attribute \""
                        + Names.abbreviate(name)
                        + "\" is "
                        + wanted.phrase()
                        + " in this collection, got "
                        + found.phrase()
                        + ": convert the value, or use another attribute name");
    }
}
