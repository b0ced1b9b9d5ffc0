package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.SearchBm25;
import dev.quern.common.wire.SearchDense;
import dev.quern.common.wire.SearchFusion;
import dev.quern.common.wire.SearchLeg;
import dev.quern.common.wire.SearchResult;
import dev.quern.common.wire.SearchRows;
import dev.quern.common.wire.SyncCollection;
import dev.quern.embed.CollectionText;
import dev.quern.embed.SyncProgress;
import dev.quern.embed.SyncSpec;
import dev.quern.embed.TextLeg;
import dev.quern.embed.TextQuery;
import dev.quern.embed.VolumeIndexer;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.Filter;
import dev.quern.vector.Fusion;
import dev.quern.vector.Leg;
import dev.quern.vector.RowFields;
import dev.quern.vector.SearchCursor;
import dev.quern.vector.SearchOptions;
import dev.quern.vector.SearchOutcome;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What collections do with text: searches that may need embedding, and syncs.
final class TextRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(TextRoutes.class);
    private static final int MAX_HITS = 1000;

    private final CollectionText texts;
    private final VolumeIndexer indexer;

    TextRoutes(CollectionText texts, VolumeIndexer indexer) {
        this.texts = texts;
        this.indexer = indexer;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/collections/{collection}/search", this::search)
                        .atOnce(this::searchAtOnce),
                Route.of("POST", "/v1/collections/{collection}/sync", this::sync));
    }

    private static Optional<float[]> vector(@Nullable List<Float> vector) {
        return Optional.ofNullable(vector).map(FloatList::toArray);
    }

    private Reply search(Request request) throws IOException {
        return search(Asked.read(request));
    }

    private Reply search(Asked asked) {
        SearchOutcome outcome = texts.search(asked.space(), asked.ref(), asked.query());
        return Reply.rows(asked.result(outcome), outcome.ids());
    }

    private AtOnce.Outcome searchAtOnce(Request request) throws IOException {
        Asked asked = Asked.read(request);
        Optional<SearchOutcome> outcome =
                texts.searchAtOnce(asked.space(), asked.ref(), asked.query());
        return outcome.isPresent()
                ? new AtOnce.Done(Json.rows(asked.result(outcome.get()), outcome.get().ids()))
                : new AtOnce.Later(() -> search(asked));
    }

    /// A search as it was asked for.
    ///
    /// @param received when, and when it was read, by the nanosecond clock
    private record Asked(
            SpaceId space, CollectionRef ref, TextQuery query, long received, long read) {
        static Asked read(Request request) throws IOException {
            request.query().allow();
            long received = System.nanoTime();
            SearchRows body = request.json(SearchRows.class);
            TextQuery query = TextRoutes.query(body);
            CollectionRef ref =
                    new CollectionRef(
                            request.path("collection"),
                            Optional.ofNullable(body.at()),
                            RowWire.consistency(body.consistency(), body.atLeast()));
            return new Asked(request.space(), ref, query, received, System.nanoTime());
        }

        SearchResult result(SearchOutcome outcome) {
            return new SearchResult(
                    outcome.hits().stream().map(CollectionWire::hit).toList(),
                    query.mode().toString(),
                    (System.nanoTime() - read) / 1e6,
                    outcome.rows(),
                    outcome.next().map(SearchCursor::toString).orElse(null),
                    outcome.partial() ? true : null,
                    query.options().explain()
                            ? outcome.plans().stream().map(CollectionWire::plan).toList()
                            : null,
                    CollectionWire.searching(outcome, received));
        }
    }

    private static TextQuery query(SearchRows body) {
        int limit = Objects.requireNonNullElse(body.limit(), 10);
        if (limit < 1 || limit > MAX_HITS) {
            throw QuernException.invalid("'limit' must be 1 to " + MAX_HITS + ", got " + limit);
        }
        return new TextQuery(
                legs(body),
                new SearchOptions(
                        Optional.ofNullable(body.filter()).map(Filter::fromJson),
                        limit,
                        new RowFields(
                                Optional.ofNullable(body.fields()).map(Set::copyOf),
                                Set.copyOf(Objects.requireNonNullElse(body.exclude(), List.of())),
                                Boolean.TRUE.equals(body.includeVector()),
                                Boolean.TRUE.equals(body.includeVersion())),
                        fusion(body),
                        Optional.ofNullable(body.after()).map(SearchCursor::parse),
                        Optional.ofNullable(body.timeoutMs()).map(Duration::ofMillis),
                        Boolean.TRUE.equals(body.explain())));
    }

    private static List<TextLeg> legs(SearchRows body) {
        if (body.legs() == null) {
            return TextQuery.legs(
                    Optional.ofNullable(body.mode()).map(TextQuery.Mode::parse),
                    Optional.ofNullable(body.text()),
                    vector(body.vector()),
                    Boolean.TRUE.equals(body.exact()));
        }
        if (body.mode() != null
                || body.text() != null
                || body.vector() != null
                || body.exact() != null) {
            throw QuernException.invalid(
                    "'legs' excludes 'mode', 'text', 'vector' and 'exact': put them into the legs");
        }
        return body.legs().stream().map(TextRoutes::leg).toList();
    }

    private static TextLeg leg(SearchLeg leg) {
        SearchDense dense = leg.dense();
        SearchBm25 bm25 = leg.bm25();
        if (dense != null && bm25 == null) {
            return new TextLeg.Dense(
                    Optional.ofNullable(dense.field()),
                    Optional.ofNullable(dense.text()),
                    vector(dense.vector()),
                    Boolean.TRUE.equals(dense.exact()),
                    Objects.requireNonNullElse(dense.width(), 0));
        }
        if (dense == null && bm25 != null) {
            return words(bm25);
        }
        throw QuernException.invalid("a leg must have exactly one of 'dense' and 'bm25'");
    }

    private static TextLeg words(SearchBm25 leg) {
        Map<String, Double> fields = Objects.requireNonNullElse(leg.fields(), Map.of());
        if (leg.text() != null && leg.query() == null) {
            return new TextLeg.Bm25(fields, leg.text(), Leg.Syntax.PLAIN);
        }
        if (leg.text() == null && leg.query() != null) {
            return new TextLeg.Bm25(fields, leg.query(), Leg.Syntax.OPERATORS);
        }
        throw QuernException.invalid("'bm25' must have exactly one of 'text' and 'query'");
    }

    private static Fusion fusion(SearchRows body) {
        SearchFusion fusion =
                Objects.requireNonNullElse(body.fusion(), new SearchFusion(null, null));
        List<SearchLeg> legs = Objects.requireNonNullElse(body.legs(), List.of());
        List<Double> weights =
                legs.stream().allMatch(leg -> leg.weight() == null)
                        ? List.of()
                        : legs.stream()
                                .map(leg -> Objects.requireNonNullElse(leg.weight(), 1.0))
                                .toList();
        String method = Objects.requireNonNullElse(fusion.method(), "rrf");
        return switch (method) {
            case "rrf" ->
                    new Fusion.Rrf(Objects.requireNonNullElse(fusion.k(), Fusion.RRF_K), weights);
            case "weighted" -> {
                if (fusion.k() != null) {
                    throw QuernException.invalid("'k' is for the fusion method rrf only");
                }
                yield new Fusion.Weighted(weights);
            }
            default ->
                    throw QuernException.invalid(
                            "fusion method must be rrf or weighted, got \""
                                    + Names.abbreviate(method)
                                    + "\"");
        };
    }

    private Reply sync(Request request) throws IOException {
        request.query().allow();
        SyncCollection body = request.json(SyncCollection.class);
        SyncSpec spec =
                new SyncSpec(
                        body.volume(),
                        Objects.requireNonNullElse(body.glob(), "**"),
                        Optional.ofNullable(body.at()));
        return Ndjson.reply(lines -> sync(request, spec, lines));
    }

    /// Before the first line a failure is an error reply like any other, then it is the last line.
    private void sync(Request request, SyncSpec spec, Ndjson lines) {
        AtomicReference<@Nullable SyncProgress> last = new AtomicReference<>();
        try {
            lines.write(
                    SyncWire.done(
                            indexer.sync(
                                    request.space(),
                                    request.path("collection"),
                                    spec,
                                    progress -> {
                                        lines.write(SyncWire.progress(progress));
                                        last.set(progress);
                                    })));
        } catch (QuernException e) {
            SyncProgress told = last.get();
            if (told == null) {
                throw e;
            }
            Failure failure = Failure.of(e, request.id());
            if (failure.kind() == ErrorKind.INTERNAL || failure.kind() == ErrorKind.CORRUPT) {
                LOG.error("sync failed: request_id={}", request.id(), e);
            }
            lines.write(SyncWire.error(told, failure.body()));
        }
    }
}
