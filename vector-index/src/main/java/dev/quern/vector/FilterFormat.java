package dev.quern.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A [Filter] within a frame: u8 operator, then
///
/// | operator | fields |
/// |---|---|
/// | 1 eq | field string, scalar |
/// | 2 in | field string, count, scalars |
/// | 3 range | field string, u8 bits (1 gte, 2 gt, 4 lte, 8 lt), the scalars in that order |
/// | 4 and, 5 or | count, filters |
/// | 6 not | filter |
/// | 7 exists | field string |
/// | 8 prefix | field string, prefix string |
/// | 9 contains | field string, scalar |
/// | 10 all | field string, count, scalars |
///
/// Scalars as in [RowFormat]. Nested at most [Filter#MAX_DEPTH] deep.
final class FilterFormat {
    private FilterFormat() {}

    static void write(FrameOutput out, Filter filter) {
        switch (filter) {
            case Filter.Eq(String field, Object value) -> {
                out.u8(1);
                out.utf8(field);
                RowFormat.writeScalar(out, value);
            }
            case Filter.In(String field, List<Object> values) -> writeValues(out, 2, field, values);
            case Filter.All(String field, List<Object> values) ->
                    writeValues(out, 10, field, values);
            case Filter.Exists(String field) -> {
                out.u8(7);
                out.utf8(field);
            }
            case Filter.Prefix(String field, String prefix) -> {
                out.u8(8);
                out.utf8(field);
                out.utf8(prefix);
            }
            case Filter.Contains(String field, Object value) -> {
                out.u8(9);
                out.utf8(field);
                RowFormat.writeScalar(out, value);
            }
            case Filter.Range range -> writeRange(out, range);
            case Filter.And(List<Filter> all) -> writeAll(out, 4, all);
            case Filter.Or(List<Filter> any) -> writeAll(out, 5, any);
            case Filter.Not(Filter not) -> {
                out.u8(6);
                write(out, not);
            }
        }
    }

    private static void writeValues(
            FrameOutput out, int operator, String field, List<Object> values) {
        out.u8(operator);
        out.utf8(field);
        out.count(values.size());
        values.forEach(value -> RowFormat.writeScalar(out, value));
    }

    private static void writeAll(FrameOutput out, int operator, List<Filter> filters) {
        out.u8(operator);
        out.count(filters.size());
        filters.forEach(filter -> write(out, filter));
    }

    private static void writeRange(FrameOutput out, Filter.Range range) {
        out.u8(3);
        out.utf8(range.field());
        List<Optional<Object>> bounds = List.of(range.gte(), range.gt(), range.lte(), range.lt());
        int bits = 0;
        for (int i = 0; i < bounds.size(); i++) {
            bits |= bounds.get(i).isPresent() ? 1 << i : 0;
        }
        out.u8(bits);
        bounds.forEach(bound -> bound.ifPresent(value -> RowFormat.writeScalar(out, value)));
    }

    static Filter read(FrameInput in) {
        return read(in, 1);
    }

    private static Filter read(FrameInput in, int depth) {
        if (depth > Filter.MAX_DEPTH) {
            throw in.corrupt("has a filter nested more than " + Filter.MAX_DEPTH + " deep");
        }
        int operator = in.u8();
        return switch (operator) {
            case 1 -> new Filter.Eq(in.utf8(), RowFormat.readScalar(in));
            case 2 -> new Filter.In(in.utf8(), readValues(in));
            case 3 -> readRange(in);
            case 4 -> new Filter.And(readAll(in, depth));
            case 5 -> new Filter.Or(readAll(in, depth));
            case 6 -> new Filter.Not(read(in, depth + 1));
            case 7 -> new Filter.Exists(in.utf8());
            case 8 -> new Filter.Prefix(in.utf8(), in.utf8());
            case 9 -> new Filter.Contains(in.utf8(), RowFormat.readScalar(in));
            case 10 -> new Filter.All(in.utf8(), readValues(in));
            default -> throw in.corrupt("has filter operator " + operator);
        };
    }

    private static List<Object> readValues(FrameInput in) {
        List<Object> values = new ArrayList<>();
        for (int left = in.count(2); left > 0; left--) {
            values.add(RowFormat.readScalar(in));
        }
        return values;
    }

    private static List<Filter> readAll(FrameInput in, int depth) {
        List<Filter> filters = new ArrayList<>();
        for (int left = in.count(2); left > 0; left--) {
            filters.add(read(in, depth + 1));
        }
        return filters;
    }

    private static Filter readRange(FrameInput in) {
        String field = in.utf8();
        int bits = in.u8();
        if (bits < 1 || bits > 15) {
            throw in.corrupt("has range bits " + bits);
        }
        return new Filter.Range(
                field,
                bound(in, bits & 1),
                bound(in, bits & 2),
                bound(in, bits & 4),
                bound(in, bits & 8));
    }

    private static Optional<Object> bound(FrameInput in, int bit) {
        return bit == 0 ? Optional.empty() : Optional.of(RowFormat.readScalar(in));
    }
}
