package dev.quern.vector;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.lucene.document.DoubleField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermRangeQuery;
import org.apache.lucene.search.WildcardQuery;
import org.apache.lucene.util.BytesRef;

/// Turns a filter into Lucene's terms. Total: a comparison that [FilterCheck] would refuse matches
/// nothing, so that a delete by filter means the same whenever it is applied: rows with an
/// attribute come into the index only after the attribute's type is known.
final class FilterQueries {
    private static final String TRUE = "T";
    private static final String FALSE = "F";

    private final Schema schema;

    FilterQueries(Schema schema) {
        this.schema = schema;
    }

    Query query(Filter filter) {
        return switch (filter) {
            case Filter.Eq(String field, Object value) -> in(field, List.of(value));
            case Filter.In(String field, List<Object> values) -> in(field, values);
            case Filter.All(String field, List<Object> values) ->
                    and(values.stream().<Filter>map(value -> new Filter.Eq(field, value)).toList());
            case Filter.Range range -> range(range);
            case Filter.Exists(String field) -> exists(field);
            case Filter.Prefix(String field, String prefix) ->
                    isString(field)
                            ? new PrefixQuery(
                                    new Term(RowDocuments.attribute(field), new BytesRef(prefix)))
                            : none("no string");
            case Filter.Contains(String field, Object value) -> contains(field, value);
            case Filter.And(List<Filter> all) -> and(all);
            case Filter.Or(List<Filter> any) -> or(any);
            case Filter.Not(Filter not) ->
                    new BooleanQuery.Builder()
                            .add(MatchAllDocsQuery.INSTANCE, Occur.FILTER)
                            .add(query(not), Occur.MUST_NOT)
                            .build();
        };
    }

    private Query and(List<Filter> all) {
        if (all.isEmpty()) {
            return MatchAllDocsQuery.INSTANCE;
        }
        BooleanQuery.Builder builder = new BooleanQuery.Builder();
        all.forEach(filter -> builder.add(query(filter), Occur.FILTER));
        return builder.build();
    }

    private Query or(List<Filter> any) {
        if (any.isEmpty()) {
            return none("or of nothing");
        }
        BooleanQuery.Builder builder = new BooleanQuery.Builder();
        any.forEach(filter -> builder.add(query(filter), Occur.SHOULD));
        return builder.build();
    }

    private boolean isString(String field) {
        AttributeType type = schema.find(field);
        return type != null && type.element() == AttributeType.STRING;
    }

    private Query exists(String field) {
        AttributeType type = schema.find(field);
        if (type == null) {
            return none("unknown attribute");
        }
        String name = RowDocuments.attribute(field);
        return switch (type.element()) {
            case STRING, BOOL -> new TermRangeQuery(name, null, null, true, true);
            case LONG, DOUBLE, DATETIME -> new FieldExistsQuery(name);
            case STRINGS, LONGS, DOUBLES, BOOLS, DATETIMES, JSON -> none("not indexed");
        };
    }

    private Query contains(String field, Object value) {
        AttributeType type = schema.find(field);
        if (type != null && type.isList()) {
            return in(field, List.of(value));
        }
        if (type != AttributeType.STRING || !(value instanceof String part)) {
            return none("no string");
        }
        return new WildcardQuery(
                new Term(RowDocuments.attribute(field), "*" + escaped(part) + "*"));
    }

    private static String escaped(String part) {
        return part.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?");
    }

    private Query in(String field, List<Object> values) {
        AttributeType type = schema.find(field);
        if (type == null) {
            return none("unknown attribute");
        }
        String name = RowDocuments.attribute(field);
        return switch (type.element()) {
            case STRING, BOOL -> terms(name, type.element(), values);
            case DATETIME -> {
                long[] millis =
                        values.stream()
                                .map(FilterQueries::moment)
                                .flatMapToLong(OptionalLong::stream)
                                .toArray();
                yield millis.length == 0
                        ? none("no such time")
                        : LongField.newSetQuery(name, millis);
            }
            case STRINGS, LONGS, DOUBLES, BOOLS, DATETIMES, JSON -> none("not indexed");
            case LONG -> {
                long[] wholes =
                        numbers(values)
                                .map(Numbers::asLong)
                                .flatMapToLong(OptionalLong::stream)
                                .toArray();
                yield wholes.length == 0
                        ? none("no such integer")
                        : LongField.newSetQuery(name, wholes);
            }
            case DOUBLE -> {
                double[] decimals =
                        numbers(values)
                                .map(Numbers::asDouble)
                                .flatMap(Optional::stream)
                                .mapToDouble(d -> d)
                                .toArray();
                yield decimals.length == 0
                        ? none("no such number")
                        : DoubleField.newSetQuery(name, decimals);
            }
        };
    }

    private static Stream<BigDecimal> numbers(List<Object> values) {
        return values.stream().map(FilterQueries::number).flatMap(Optional::stream);
    }

    private static Optional<BigDecimal> number(Object value) {
        return switch (value) {
            case Long whole -> Optional.of(new BigDecimal(whole));
            case Double d when Double.isFinite(d) -> Optional.of(new BigDecimal(d));
            default -> Optional.empty();
        };
    }

    private static OptionalLong moment(Object value) {
        return value instanceof String text
                ? Moments.find(text).stream().mapToLong(Instant::toEpochMilli).findFirst()
                : OptionalLong.empty();
    }

    private static Query terms(String name, AttributeType type, List<Object> values) {
        List<BytesRef> terms = new ArrayList<>();
        for (Object value : values) {
            if (type == AttributeType.BOOL ? value instanceof Boolean : value instanceof String) {
                terms.add(new BytesRef(term(value)));
            }
        }
        return switch (terms.size()) {
            case 0 -> none("no such term");
            case 1 -> new TermQuery(new Term(name, terms.getFirst()));
            default -> new TermInSetQuery(name, terms);
        };
    }

    /// The term of a string or a boolean.
    static String term(Object value) {
        return value instanceof Boolean holds ? (holds ? TRUE : FALSE) : (String) value;
    }

    private Query range(Filter.Range range) {
        AttributeType type = schema.find(range.field());
        if (type == null) {
            return none("unknown attribute");
        }
        return switch (type.element()) {
            case STRING -> stringRange(range);
            case LONG -> longRange(range, FilterQueries::number);
            case DATETIME -> longRange(range, FilterQueries::millis);
            case DOUBLE -> doubleRange(range);
            case BOOL -> none("range of booleans");
            case STRINGS, LONGS, DOUBLES, BOOLS, DATETIMES, JSON -> none("not indexed");
        };
    }

    /// One query for both ends, so that a single element of a list must meet them all; of two
    /// bounds on one side the tighter counts.
    private static Query stringRange(Filter.Range range) {
        Optional<BytesRef> gte = range.gte().flatMap(FilterQueries::asTerm);
        Optional<BytesRef> gt = range.gt().flatMap(FilterQueries::asTerm);
        Optional<BytesRef> lte = range.lte().flatMap(FilterQueries::asTerm);
        Optional<BytesRef> lt = range.lt().flatMap(FilterQueries::asTerm);
        if (gte.isEmpty() && gt.isEmpty() && lte.isEmpty() && lt.isEmpty()) {
            return none("no string bound");
        }
        boolean openBelow = gt.isPresent() && (gte.isEmpty() || gt.get().compareTo(gte.get()) >= 0);
        boolean openAbove = lt.isPresent() && (lte.isEmpty() || lt.get().compareTo(lte.get()) <= 0);
        return new TermRangeQuery(
                RowDocuments.attribute(range.field()),
                (openBelow ? gt : gte).orElse(null),
                (openAbove ? lt : lte).orElse(null),
                !openBelow,
                !openAbove);
    }

    private static Optional<BytesRef> asTerm(Object value) {
        return value instanceof String s ? Optional.of(new BytesRef(s)) : Optional.empty();
    }

    private static Query longRange(
            Filter.Range range, Function<Object, Optional<BigDecimal>> scale) {
        long low = Long.MIN_VALUE;
        long high = Long.MAX_VALUE;
        boolean possible = true;
        for (Bound bound : bounds(range, scale)) {
            OptionalLong edge =
                    bound.lower()
                            ? Numbers.leastLong(bound.value(), bound.open())
                            : Numbers.greatestLong(bound.value(), bound.open());
            possible &= edge.isPresent();
            if (bound.lower()) {
                low = Math.max(low, edge.orElse(low));
            } else {
                high = Math.min(high, edge.orElse(high));
            }
        }
        return possible && low <= high
                ? LongField.newRangeQuery(RowDocuments.attribute(range.field()), low, high)
                : none("no integer in range");
    }

    private static Query doubleRange(Filter.Range range) {
        double low = Double.NEGATIVE_INFINITY;
        double high = Double.POSITIVE_INFINITY;
        for (Bound bound : bounds(range, FilterQueries::number)) {
            if (bound.lower()) {
                low = Math.max(low, Numbers.leastDouble(bound.value(), bound.open()));
            } else {
                high = Math.min(high, Numbers.greatestDouble(bound.value(), bound.open()));
            }
        }
        return low <= high
                ? DoubleField.newRangeQuery(RowDocuments.attribute(range.field()), low, high)
                : none("no number in range");
    }

    /// One end of a range of numbers.
    private record Bound(BigDecimal value, boolean lower, boolean open) {}

    private static List<Bound> bounds(
            Filter.Range range, Function<Object, Optional<BigDecimal>> scale) {
        List<Bound> bounds = new ArrayList<>();
        range.gte().flatMap(scale).ifPresent(n -> bounds.add(new Bound(n, true, false)));
        range.gt().flatMap(scale).ifPresent(n -> bounds.add(new Bound(n, true, true)));
        range.lte().flatMap(scale).ifPresent(n -> bounds.add(new Bound(n, false, false)));
        range.lt().flatMap(scale).ifPresent(n -> bounds.add(new Bound(n, false, true)));
        return bounds;
    }

    private static Optional<BigDecimal> millis(Object value) {
        OptionalLong millis = moment(value);
        return millis.isPresent()
                ? Optional.of(new BigDecimal(millis.getAsLong()))
                : Optional.empty();
    }

    private static Query none(String reason) {
        return new MatchNoDocsQuery(reason);
    }
}
