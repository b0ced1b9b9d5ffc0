package dev.quern.embed;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.CollectionService;
import dev.quern.vector.Leg;
import dev.quern.vector.Row;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.SearchSpec;
import dev.quern.vector.WriteBatch;
import dev.quern.vector.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Rows and queries that come as text: embeds them with the collection's model, then calls the
/// collection. Thread-safe; owns nothing.
public final class CollectionText {
    private final CollectionService collections;
    private final EmbedService embedder;

    /// The services stay open.
    public CollectionText(CollectionService collections, EmbedService embedder) {
        this.collections = collections;
        this.embedder = embedder;
    }

    /// Writes rows in one atomic, durable step; those without a vector are embedded first, cut at
    /// the model's limit.
    ///
    /// @throws QuernException as [CollectionService#write] and [EmbedService#embed]; `INVALID` for
    ///   a row with neither text nor vector, and for a row without a vector in a collection without
    ///   a model
    public WriteResult upsert(SpaceId space, String collection, List<TextRow> rows) {
        List<EmbedInput> inputs = new ArrayList<>();
        for (TextRow row : rows) {
            if (row.vector().isEmpty()) {
                inputs.add(new EmbedInput.Text(textToEmbed(row)));
            }
        }
        float[][] made = inputs.isEmpty() ? new float[0][] : embed(space, collection, inputs);
        List<Row> complete = new ArrayList<>(rows.size());
        int next = 0;
        for (TextRow row : rows) {
            float[] vector = row.vector().isPresent() ? row.vector().get() : made[next++];
            complete.add(new Row(row.id(), row.text(), vector, row.attributes()));
        }
        return collections.write(space, collection, WriteBatch.upsert(complete));
    }

    /// Searches; a text is embedded when a dense leg needs it.
    ///
    /// @throws QuernException as [CollectionService#search] and [EmbedService#embed]; `INVALID` if
    ///   the mode lacks what it needs, or the collection has no model to embed with
    public SearchOutcome search(SpaceId space, String collection, TextQuery query) {
        TextQuery.Mode mode = query.effectiveMode();
        List<Leg> legs = new ArrayList<>();
        if (mode != TextQuery.Mode.BM25) {
            legs.add(new Leg.Dense(vector(space, collection, query), query.exact()));
        }
        if (mode != TextQuery.Mode.DENSE) {
            legs.add(new Leg.Bm25(text(query, mode)));
        }
        return collections.search(
                space,
                collection,
                new SearchSpec(
                        legs,
                        query.filter(),
                        query.limit(),
                        query.includeVector(),
                        SearchSpec.FUSION_K));
    }

    private float[] vector(SpaceId space, String collection, TextQuery query) {
        Optional<float[]> given = query.vector();
        if (given.isPresent()) {
            return given.get();
        }
        EmbedInput input = new EmbedInput.Text(text(query, query.effectiveMode()));
        return embed(space, collection, List.of(input))[0];
    }

    private static String text(TextQuery query, TextQuery.Mode mode) {
        return query.text()
                .filter(text -> !text.isBlank())
                .orElseThrow(() ->
                        QuernException.invalid(
                                "a " + mode + " search needs a text that is not blank"));
    }

    private float[][] embed(SpaceId space, String collection, List<EmbedInput> inputs) {
        CollectionInfo info = collections.get(space, collection);
        ModelInfo model = CollectionModel.require(info, embedder);
        return embedder.embed(model.id(), inputs).vectors();
    }

    private static String textToEmbed(TextRow row) {
        return row.text()
                .orElseThrow(() ->
                        QuernException.invalid(
                                "row \""
                                        + Names.abbreviate(row.id())
                                        + "\" has neither a vector nor a text to embed"));
    }
}
