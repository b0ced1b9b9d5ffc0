package dev.quern.flight;

import dev.quern.vector.CollectionSchema;
import java.util.TreeMap;

/// The columns of attributes where each is a column of its own. A column has its attribute's name;
/// where that is `id`, a vector's, a text's or another column's, `attributes.` stands before it, as
/// often as it takes.
final class ColumnNames {
    private ColumnNames() {}

    /// The attributes by their columns, in the order of the columns.
    static TreeMap<String, String> attributes(CollectionSchema collection) {
        TreeMap<String, String> columns = new TreeMap<>();
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
                || collection.vectors().containsKey(column)
                || collection.texts().containsKey(column);
    }
}
