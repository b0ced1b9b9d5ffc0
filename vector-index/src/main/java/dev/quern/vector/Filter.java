package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A condition on a row's attributes. Values are [String], [Long], [Double] or [Boolean]; a
/// datetime is compared with a string of its form ([AttributeType#DATETIME]).
///
/// A row without the attribute fails every comparison (and so passes their `not`). On a list `eq`,
/// `in`, `range` and `prefix` hold when any element does. Whole numbers and decimals compare by
/// value. A filter that names a field which the schema does not have, or compares a field with a
/// value of another type, is refused (`INVALID`); in a collection that never had any attribute each
/// comparison is false.
public sealed interface Filter {
    /// The deepest nesting.
    int MAX_DEPTH = 32;

    /// The most conditions in one filter; each value of an `all` is one.
    int MAX_CONDITIONS = 256;

    /// The most values of one `in`.
    int MAX_VALUES = 10_000;

    /// The longest value of `contains` on a string.
    int MAX_CONTAINS_BYTES = 256;

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

    /// The row has the attribute; a list with no element counts as absent.
    record Exists(String field) implements Filter {}

    /// The string, or any of the list, begins with the prefix.
    record Prefix(String field, String prefix) implements Filter {}

    /// On a list: any element equals the value. On a string: the value, of at most
    /// [#MAX_CONTAINS_BYTES] bytes of UTF-8, is part of it; this reads every distinct string of the
    /// attribute.
    record Contains(String field, Object value) implements Filter {}

    /// Each of the values is an element of the list, or equals the attribute that is no list; true
    /// of every row when there are none.
    record All(String field, List<Object> values) implements Filter {
        /// Copies the list.
        public All {
            values = List.copyOf(values);
        }
    }

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
    /// `{"eq":[field,value]}`, `{"in":[field,[values]]}`, `{"any":[field,[values]]}` (the same as
    /// `in`), `{"all":[field,[values]]}`, `{"range":[field,{"gte":..,"gt":..,"lte":..,"lt":..}]}`,
    /// `{"exists":field}`, `{"prefix":[field,string]}`, `{"contains":[field,value]}`,
    /// `{"and":[..]}`, `{"or":[..]}`, `{"not":..}`.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` naming the place and what was expected
    static Filter fromJson(Object json) {
        return FilterJson.parse(json);
    }
}
