package dev.quern.flight;

import dev.quern.vector.CollectionSchema;
import dev.quern.vector.RowTerms;
import java.util.SortedMap;
import java.util.TreeMap;

/// The columns of attributes where each is a column of its own. A column has its attribute's name;
/// where that is `id`, one of [RowTerms#NAMES], a vector's, a text's or another column's,
/// `attributes.` stands before it, as often as it takes.
final class ColumnNames {
    private ColumnNames() {}

    /// The attributes by their columns, in the order of the columns.
    static SortedMap<String, String> attributes(CollectionSchema collection) {
        SortedMap<String, String> columns = new TreeMap<>();
        for (String attribute : collection.attributes().keySet()) {
            if (!isTaken(attribute, collection)) {
                columns.put(attribute, attribute);
            }
        }
        for (String attribute : collection.attributes().keySet()) {
            if (isTaken(attribute, collection)) {
                String column = FlightSchemas.ATTRIBUTES + "." + attribute;
                while (columns.containsKey(column) || isTaken(column, collection)) {
                    column = FlightSchemas.ATTRIBUTES + "." + column;
                }
                columns.put(column, attribute);
            }
        }
        return columns;
    }

    /// Whether a column of this name is no attribute's.
    static boolean isTaken(String column, CollectionSchema collection) {
        return column.equals(FlightSchemas.ID)
                || RowTerms.NAMES.contains(column)
                || isField(column, collection);
    }

    /// Whether a column of a put holds what [RowTerms] say: a vector or a text field of such a name
    /// comes first.
    static boolean isTerm(String column, CollectionSchema collection) {
        return RowTerms.NAMES.contains(column) && !isField(column, collection);
    }

    private static boolean isField(String column, CollectionSchema collection) {
        return collection.vectors().containsKey(column) || collection.texts().containsKey(column);
    }
}
