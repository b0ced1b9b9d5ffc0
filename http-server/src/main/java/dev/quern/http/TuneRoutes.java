package dev.quern.http;

import dev.quern.common.wire.SetWidth;
import dev.quern.common.wire.TuneCancelled;
import dev.quern.common.wire.TuneCollection;
import dev.quern.common.wire.TuneResult;
import dev.quern.common.wire.TunedWidths;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionService;
import dev.quern.vector.CollectionTuning;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// How wide the searches of collections walk.
final class TuneRoutes {
    private static final String TUNE = "/v1/collections/{collection}/tune";

    private final CollectionTuning tuning;

    TuneRoutes(CollectionService collections) {
        this.tuning = collections.tuning();
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", TUNE, this::widths),
                Route.of("POST", TUNE, this::tune),
                Route.of("PUT", TUNE, this::set),
                Route.of("DELETE", TUNE, this::clear),
                Route.of("POST", TUNE + "/cancel", this::cancel));
    }

    private Reply widths(Request request) {
        Query query = request.query().allow("at");
        return widths(request, new CollectionRef(request.path("collection"), query.text("at")));
    }

    private Reply widths(Request request, CollectionRef ref) {
        return Reply.json(new TunedWidths(TuneWire.widths(tuning.widths(request.space(), ref))));
    }

    private Reply tune(Request request) throws IOException {
        request.query().allow();
        TuneCollection body = request.json(TuneCollection.class);
        return Reply.json(
                new TuneResult(
                        TuneWire.fields(
                                tuning.tune(
                                        request.space(),
                                        request.path("collection"),
                                        TuneWire.spec(body)),
                                TuneWire.spec(body))));
    }

    private Reply set(Request request) throws IOException {
        request.query().allow();
        SetWidth body = request.json(SetWidth.class);
        String name = request.path("collection");
        tuning.set(request.space(), name, Optional.ofNullable(body.field()), body.width());
        return widths(request, CollectionRef.of(name));
    }

    private Reply clear(Request request) {
        Query query = request.query().allow("field");
        String name = request.path("collection");
        tuning.clear(request.space(), name, query.text("field"));
        return widths(request, CollectionRef.of(name));
    }

    private Reply cancel(Request request) {
        request.query().allow();
        return Reply.json(
                new TuneCancelled(tuning.cancel(request.space(), request.path("collection"))));
    }
}
