package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A condition on a row's attributes. Values are [String], [Long], [Double] or [Boolean].
///
/// A row without the attribute fails `eq`, `in` and `range` (and so passes their `not`). On a list
/// of strings `eq`, `in` and `range` hold when any element does. Whole numbers and decimals compare
/// by value. A filter that names a field which no row of the collection ever had, or compares a
/// field with a value of another type, is refused (`INVALID`); in a collection that never had any
/// attribute each comparison is false.
public sealed interface Filter {
    /// The deepest nesting.
    int MAX_DEPTH = 32;

    /// The most conditions in one filter.
    int MAX_CONDITIONS = 256;

    /// The most values of one `in`.
    int MAX_VALUES = 10_000;

    /// The attribute equals the value.
    record Eq(String field, Object value) implements Filter {}

    /// The attribute equals one of the values.
    record In(String field, List<Object> values) implements Filter {
        /// Copies the list.
        public In {
            values = List.copyOf(values);
        }
    }

    /// The attribute lies between the bounds, of which at least one is given; strings by their
    /// UTF-8 bytes. Not for booleans.
    record Range(
            String field,
            Optional<Object> gte,
            Optional<Object> gt,
            Optional<Object> lte,
            Optional<Object> lt)
            implements Filter {}

    /// All hold; true when empty.
    record And(List<Filter> all) implements Filter {
        /// Copies the list.
        public And {
            all = List.copyOf(all);
        }
    }

    /// At least one holds; false when empty.
    record Or(List<Filter> any) implements Filter {
        /// Copies the list.
        public Or {
            any = List.copyOf(any);
        }
    }

    /// The condition does not hold.
    record Not(Filter not) implements Filter {}

    /// Reads a filter from parsed JSON (maps, lists, strings, numbers, booleans):
    /// `{"eq":[field,value]}`, `{"in":[field,[values]]}`,
    /// `{"range":[field,{"gte":..,"gt":..,"lte":..,"lt":..}]}`, `{"and":[..]}`, `{"or":[..]}`,
    /// `{"not":..}`.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` naming the place and what was expected
    static Filter fromJson(Object json) {
        return FilterJson.parse(json);
    }
}
