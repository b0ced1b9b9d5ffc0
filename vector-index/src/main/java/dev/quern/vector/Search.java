package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.vector.SearchOutcome.LegPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;

/// One search of one collection: checked when it is made, then run on a searcher.
final class Search {
    static final int MAX_LIMIT = 1_000;
    private static final int MAX_LEGS = 8;
    private static final int MAX_FUSION_K = 10_000;
    private static final double MAX_WEIGHT = 1_000;
    private static final int MAX_QUERY_BYTES = 64 << 10;

    /// Rows of each leg that take part in a fusion, at least.
    private static final int FUSION_DEPTH = 100;

    private final Schema schema;
    private final SearchSpec spec;
    private final List<Leg> legs;
    private final Optional<Query> filter;
    private final int exactScanRows;

    /// @throws QuernException `INVALID` naming what is out of bounds
    Search(Schema schema, SearchSpec spec, int exactScanRows) {
        requireBetween("limit", spec.limit(), 1, MAX_LIMIT);
        requireBetween("number of legs", spec.legs().size(), 1, MAX_LEGS);
        checkFusion(spec.fusion(), spec.legs().size());
        this.schema = schema;
        this.spec = spec;
        this.exactScanRows = exactScanRows;
        this.legs = spec.legs().stream().map(this::checked).toList();
        spec.filter().ifPresent(f -> FilterCheck.check(f, schema));
        this.filter = spec.filter().map(f -> new FilterQueries(schema).query(f));
    }

    private static void checkFusion(Fusion fusion, int legs) {
        if (fusion instanceof Fusion.Rrf(int k, _)) {
            requireBetween("fusion k", k, 1, MAX_FUSION_K);
        }
        if (!fusion.weights().isEmpty() && fusion.weights().size() != legs) {
            throw QuernException.invalid(
                    "fusion must have a weight for each of "
                            + legs
                            + " legs or none, got "
                            + fusion.weights().size());
        }
        fusion.weights().forEach(weight -> requireWeight("fusion weight", weight));
    }

    private static void requireWeight(String what, double weight) {
        if (!(weight > 0 && weight <= MAX_WEIGHT)) {
            throw QuernException.invalid(
                    what + " must be above 0 and at most " + MAX_WEIGHT + ", got " + weight);
        }
    }

    static void requireBetween(String what, long value, long min, long max) {
        if (value < min || value > max) {
            throw QuernException.invalid(
                    what + " must be " + min + " to " + max + ", got " + value);
        }
    }

    /// The leg with its fields named and its vector as it is indexed.
    private Leg checked(Leg leg) {
        return switch (leg) {
            case Leg.Dense(Optional<String> field, float[] vector, boolean exact) -> {
                String name =
                        field.or(schema.fields()::defaultVector)
                                .orElseThrow(() -> unnamed("vector", schema.fields().vectors()));
                yield new Leg.Dense(
                        Optional.of(name),
                        Vectors.admit("query vector", name, vector, schema.vector(name)),
                        exact);
            }
            case Leg.Bm25(Map<String, Double> fields, String query) -> {
                requireBetween("bytes of the text query", bytes(query), 0, MAX_QUERY_BYTES);
                fields.forEach((name, boost) -> {
                    schema.text(name);
                    requireWeight("boost of text field \"" + name + "\"", boost);
                });
                yield fields.isEmpty() ? new Leg.Bm25(everyText(), query) : leg;
            }
        };
    }

    private Map<String, Double> everyText() {
        Map<String, Double> all = new TreeMap<>();
        schema.fields().texts().keySet().forEach(name -> all.put(name, 1.0));
        if (all.isEmpty()) {
            throw unnamed("text", all);
        }
        return all;
    }

    private static QuernException unnamed(String kind, Map<String, ?> fields) {
        return QuernException.invalid(
                fields.isEmpty()
                        ? "collection has no " + kind + " field to search"
                        : "search must name one of the collection's "
                                + kind
                                + " fields "
                                + String.join(", ", fields.keySet()));
    }

    /// A stray half of a surrogate pair matches no row and does no harm in a query.
    private static long bytes(String query) {
        long bytes = Utf8.length(query);
        return bytes < 0 ? query.length() : bytes;
    }

    SearchOutcome run(IndexSearcher searcher) throws IOException {
        int depth = legs.size() == 1 ? spec.limit() : Math.max(FUSION_DEPTH, spec.limit());
        List<LegPlan> plans = new ArrayList<>();
        List<List<Ranked>> rankings = new ArrayList<>();
        for (Leg leg : legs) {
            rankings.add(run(searcher, leg, depth, plans));
        }
        List<Ranked> order =
                legs.size() == 1 ? rankings.getFirst() : new Fuser(spec.fusion()).fuse(rankings);
        List<Ranked> best = order.subList(0, Math.min(spec.limit(), order.size()));
        return new SearchOutcome(
                RowReader.hits(
                        searcher.getIndexReader(),
                        best,
                        spec.includeVectors() ? schema.fields().vectors().keySet() : Set.of()),
                plans,
                searcher.getIndexReader().numDocs());
    }

    private List<Ranked> run(IndexSearcher searcher, Leg leg, int depth, List<LegPlan> plans)
            throws IOException {
        return switch (leg) {
            case Leg.Dense(Optional<String> field, float[] vector, boolean exact) -> {
                DenseLeg dense = new DenseLeg(searcher, field.orElseThrow(), schema, exactScanRows);
                DenseLeg.Found found = dense.run(dense.plan(exact, filter), vector, filter, depth);
                plans.add(found.plan());
                yield found.ranked();
            }
            case Leg.Bm25 text -> {
                plans.add(TextLeg.PLAN);
                yield new TextLeg(schema, text).run(searcher, filter, depth);
            }
        };
    }
}
