package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.vector.SearchOutcome.LegPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;

/// One search of one collection: checked when it is made, then run on a searcher.
final class Search {
    static final int MAX_LIMIT = 1_000;
    private static final int MAX_LEGS = 8;
    private static final int MAX_WIDTH = 1 << 16;
    private static final int MAX_FUSION_K = 10_000;
    private static final int MAX_QUERY_BYTES = 64 << 10;

    /// Rows of each leg that take part in a fusion, at least.
    private static final int FUSION_DEPTH = 100;

    private final Definition definition;
    private final SearchSpec spec;
    private final List<Leg> legs;
    private final Optional<Query> filter;
    private final int exactScanRows;

    /// @throws QuernException `INVALID` naming what is out of bounds
    Search(Definition definition, AttributeTypes types, SearchSpec spec, int exactScanRows) {
        requireBetween("limit", spec.limit(), 1, MAX_LIMIT);
        requireBetween("number of legs", spec.legs().size(), 1, MAX_LEGS);
        requireBetween("fusion k", spec.fusionK(), 1, MAX_FUSION_K);
        this.definition = definition;
        this.spec = spec;
        this.exactScanRows = exactScanRows;
        this.legs = spec.legs().stream().map(this::checked).toList();
        spec.filter().ifPresent(f -> FilterCheck.check(f, types));
        this.filter = spec.filter().map(f -> new FilterQueries(types).query(f));
    }

    static void requireBetween(String what, long value, long min, long max) {
        if (value < min || value > max) {
            throw QuernException.invalid(
                    what + " must be " + min + " to " + max + ", got " + value);
        }
    }

    private Leg checked(Leg leg) {
        return switch (leg) {
            case Leg.Dense(float[] vector, boolean exact, int width) -> {
                requireBetween("width", width, 0, MAX_WIDTH);
                yield new Leg.Dense(
                        Vectors.admit("query vector", vector, definition), exact, width);
            }
            case Leg.Bm25(String query) -> {
                requireBetween("bytes of the text query", bytes(query), 0, MAX_QUERY_BYTES);
                yield leg;
            }
        };
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
                legs.size() == 1 ? rankings.getFirst() : Fusion.fuse(rankings, spec.fusionK());
        List<Ranked> best = order.subList(0, Math.min(spec.limit(), order.size()));
        return new SearchOutcome(
                spec.idsOnly()
                        ? best.stream().map(Search::bare).toList()
                        : RowReader.hits(searcher.getIndexReader(), best, spec.includeVector()),
                plans,
                searcher.getIndexReader().numDocs());
    }

    private static Hit bare(Ranked ranked) {
        return new Hit(
                new Row(ranked.id(), Optional.empty(), new float[0], Map.of()), ranked.score());
    }

    private List<Ranked> run(IndexSearcher searcher, Leg leg, int depth, List<LegPlan> plans)
            throws IOException {
        return switch (leg) {
            case Leg.Dense(float[] vector, boolean exact, int width) -> {
                DenseLeg dense = new DenseLeg(searcher, definition.metric(), exactScanRows, width);
                DenseLeg.Found found = dense.run(dense.plan(exact, filter), vector, filter, depth);
                plans.add(found.plan());
                yield found.ranked();
            }
            case Leg.Bm25(String query) -> {
                plans.add(TextLeg.PLAN);
                yield TextLeg.run(searcher, query, filter, depth);
            }
        };
    }
}
