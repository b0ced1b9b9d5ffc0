package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.vector.SearchOutcome.LegPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.RamUsageEstimator;

/// One search of one collection: checked when it is made, then run on a searcher.
final class Search {
    static final int MAX_LIMIT = 1_000;
    private static final int MAX_LEGS = 8;
    private static final int MAX_FUSION_K = 10_000;
    private static final double MAX_WEIGHT = 1_000;
    private static final int MAX_QUERY_BYTES = 64 << 10;

    /// Bytes of a filter that is remembered with a query.
    private static final long MAX_SAMPLED_FILTER = 16 << 10;

    /// Rows of each leg that take part in a fusion, at least.
    private static final int FUSION_DEPTH = 100;

    private final Schema schema;
    private final SearchOptions options;
    private final List<Leg> legs;
    private final Optional<Query> filter;
    private final DenseLeg.Means means;
    private final Deadline deadline;

    /// Its time begins now.
    ///
    /// @throws QuernException `INVALID` naming what is out of bounds
    Search(Schema schema, SearchSpec spec, DenseLeg.Means means) {
        this(schema, spec, means, System::nanoTime);
    }

    Search(Schema schema, SearchSpec spec, DenseLeg.Means means, LongSupplier nanos) {
        this(schema, spec, means, Deadline.after(spec.options().timeout(), nanos));
    }

    /// @param deadline may have begun before
    Search(Schema schema, SearchSpec spec, DenseLeg.Means means, Deadline deadline) {
        this.options = spec.options();
        requireBetween("limit", options.limit(), 1, MAX_LIMIT);
        requireBetween("number of legs", spec.legs().size(), 1, MAX_LEGS);
        checkFusion(options.fusion(), spec.legs().size());
        requireKnown(options.fields(), schema);
        this.schema = schema;
        this.means = means;
        this.deadline = deadline;
        List<Leg> checked = new ArrayList<>(spec.legs().size());
        for (Leg leg : spec.legs()) {
            checked.add(checked(leg));
        }
        this.legs = checked;
        options.filter().ifPresent(f -> FilterCheck.check(f, schema));
        this.filter = options.filter().map(f -> new FilterQueries(schema).query(f));
    }

    private static void requireKnown(RowFields asked, Schema schema) {
        List<String> unknown =
                asked.isNone() && asked.without().isEmpty()
                        ? List.of()
                        : asked.unknown(schema.fields());
        if (!unknown.isEmpty()) {
            throw QuernException.invalid(
                    "search asks for fields that the collection does not have: "
                            + Names.abbreviate(String.join(", ", unknown)));
        }
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
            case Leg.Dense(Optional<String> field, float[] vector, boolean exact, int width) -> {
                requireBetween("width", width, 0, TunedWidth.MAX);
                String name =
                        field.or(schema.fields()::defaultVector)
                                .orElseThrow(() -> unnamed("vector", schema.fields().vectors()));
                yield new Leg.Dense(
                        Optional.of(name),
                        Vectors.admit("query vector", name, vector, schema.vector(name)),
                        exact,
                        width);
            }
            case Leg.Bm25(Map<String, Double> fields, String query, Leg.Syntax syntax) -> {
                requireBetween("bytes of the text query", bytes(query), 0, MAX_QUERY_BYTES);
                fields.forEach((name, boost) -> {
                    schema.text(name);
                    requireWeight("boost of text field \"" + name + "\"", boost);
                });
                yield fields.isEmpty() ? new Leg.Bm25(everyText(), query, syntax) : leg;
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

    /// Notes its dense legs, unless their filter is a large one.
    void sample(RecallSamples samples) {
        if (filter.isPresent() && RamUsageEstimator.sizeOf(filter.get()) > MAX_SAMPLED_FILTER) {
            return;
        }
        for (Leg leg : legs) {
            if (leg instanceof Leg.Dense dense) {
                samples.note(dense, options.filter());
            }
        }
    }

    /// @param shared left as it is
    SearchOutcome run(IndexSearcher shared) throws IOException {
        IndexReader reader = shared.getIndexReader();
        IndexSearcher searcher = new IndexSearcher(reader);
        searcher.setTimeout(deadline);
        List<LegPlan> plans = new ArrayList<>();
        List<List<Ranked>> rankings = new ArrayList<>();
        for (Leg leg : legs) {
            rankings.add(run(searcher, leg, depth(), plans));
        }
        List<Ranked> order =
                legs.size() == 1 ? rankings.getFirst() : new Fuser(options.fusion()).fuse(rankings);
        List<Ranked> rest = options.after().map(after -> after.rest(order)).orElse(order);
        List<Ranked> best = rest.subList(0, Math.min(options.limit(), rest.size()));
        List<Hit> hits = hits(reader, best);
        return new SearchOutcome(
                options.explain()
                        ? hits.stream().map(hit -> explained(hit, rankings)).toList()
                        : hits,
                plans,
                reader.numDocs(),
                next(best, rest.size()),
                searcher.timedOut() || deadline.shouldExit(),
                schema.fields().ids());
    }

    /// Candidates of each leg.
    private int depth() {
        int seen = options.after().map(SearchCursor::seen).orElse(0);
        return legs.size() == 1 ? seen + options.limit() : Math.max(FUSION_DEPTH, options.limit());
    }

    private Optional<SearchCursor> next(List<Ranked> page, int left) {
        int seen = options.after().map(SearchCursor::seen).orElse(0) + page.size();
        boolean more = legs.size() == 1 ? page.size() == options.limit() : left > page.size();
        if (!more || seen > SearchCursor.MAX_SEEN) {
            return Optional.empty();
        }
        Ranked last = page.getLast();
        return Optional.of(new SearchCursor(seen, last.score(), last.id()));
    }

    private static Hit explained(Hit hit, List<List<Ranked>> rankings) {
        List<Optional<Hit.Place>> places = new ArrayList<>();
        for (List<Ranked> ranking : rankings) {
            Optional<Hit.Place> place = Optional.empty();
            for (int i = 0; i < ranking.size() && place.isEmpty(); i++) {
                if (ranking.get(i).id().equals(hit.row().id())) {
                    place = Optional.of(new Hit.Place(i + 1, ranking.get(i).score()));
                }
            }
            places.add(place);
        }
        return new Hit(hit.row(), hit.score(), places);
    }

    /// Without a field to read the rows need not be looked at: a quarter of a dense search's time
    /// on 20,000 rows.
    private List<Hit> hits(IndexReader reader, List<Ranked> best) throws IOException {
        if (!options.fields().isNone()) {
            return RowReader.hits(reader, best, options.fields(), schema.fields());
        }
        List<Hit> bare = new ArrayList<>(best.size());
        for (Ranked each : best) {
            bare.add(bare(each));
        }
        return bare;
    }

    private static Hit bare(Ranked ranked) {
        return new Hit(
                new Row(ranked.id(), Map.of(), Map.of(), Map.of()), ranked.score(), List.of());
    }

    private List<Ranked> run(IndexSearcher searcher, Leg leg, int depth, List<LegPlan> plans)
            throws IOException {
        return switch (leg) {
            case Leg.Dense asked -> {
                DenseLeg dense = new DenseLeg(searcher, asked, schema, means, deadline);
                if (legs.size() == 1 && !options.explain()) {
                    dense.scoreAsFound();
                }
                DenseLeg.Found found = dense.run(asked.exact(), asked.vector(), filter, depth);
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
