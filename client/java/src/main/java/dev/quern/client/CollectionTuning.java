package dev.quern.client;

import dev.quern.common.wire.SetWidth;
import dev.quern.common.wire.TuneCancelled;
import dev.quern.common.wire.TuneCollection;
import dev.quern.common.wire.TuneResult;
import dev.quern.common.wire.TunedWidthBody;
import dev.quern.common.wire.TunedWidths;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How wide the searches of collections walk.
public final class CollectionTuning {
    private final HttpTransport http;

    CollectionTuning(HttpTransport http) {
        this.http = http;
    }

    /// Finds the narrowest width that reaches a recall, by recent queries and the vectors of stored
    /// rows, and keeps it unless told otherwise: searches that say no width then take it. Takes
    /// seconds to minutes.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` naming what is out of bounds; `CONFLICT`
    ///   while the collection is being tuned already
    public TuneResult tune(String collection, TuneCollection request) {
        return http.json(
                Request.json(
                                "POST",
                                Target.of("collections", collection, "tune"),
                                request,
                                Retry.IF_NOT_ADMITTED)
                        .waiting(),
                TuneResult.class);
    }

    /// Ends the tuning of a collection that is under way; what it found is not kept.
    ///
    /// @return whether there was one
    public boolean cancel(String collection) {
        return http.json(
                        Request.json(
                                "POST",
                                Target.of("collections", collection, "tune", "cancel"),
                                Map.of(),
                                Retry.ALWAYS),
                        TuneCancelled.class)
                .cancelled();
    }

    /// The widths that were tuned or set by hand, by vector field.
    public Map<String, TunedWidthBody> widths(String collection) {
        return http.json(
                        Request.get(Target.of("collections", collection, "tune")),
                        TunedWidths.class)
                .widths();
    }

    /// Sets the width of a vector field by hand.
    ///
    /// @param field null: the default one
    /// @param width 1 to 65,536
    /// @return the widths from now on
    public Map<String, TunedWidthBody> set(String collection, @Nullable String field, int width) {
        return http.json(
                        Request.json(
                                "PUT",
                                Target.of("collections", collection, "tune"),
                                new SetWidth(field, width),
                                Retry.ALWAYS),
                        TunedWidths.class)
                .widths();
    }

    /// Has searches take the default width again.
    ///
    /// @param field null: every vector field
    /// @return the widths from now on
    public Map<String, TunedWidthBody> clear(String collection, @Nullable String field) {
        return http.json(
                        Request.delete(
                                Target.of("collections", collection, "tune").query("field", field)),
                        TunedWidths.class)
                .widths();
    }
}
