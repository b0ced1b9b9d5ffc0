package dev.quern.embed;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.Filter;
import dev.quern.vector.Leg;
import dev.quern.vector.Row;
import dev.quern.vector.RowChange;
import dev.quern.vector.RowWrite;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.SearchSpec;
import dev.quern.vector.VectorField;
import dev.quern.vector.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Rows and queries that come as text: embeds them with the models of the collection's vector
/// fields, then calls the collection. Thread-safe; owns nothing.
public final class CollectionText {
    private final CollectionService collections;
    private final EmbedService embedder;

    /// The services stay open.
    public CollectionText(CollectionService collections, EmbedService embedder) {
        this.collections = collections;
        this.embedder = embedder;
    }

    /// Writes rows in one atomic, durable step. In each vector field that has a model, a row
    /// without a vector but with the field's source text gets that text's, cut at the model's
    /// limit.
    ///
    /// @throws QuernException as [CollectionService#write] and [EmbedService#embed]; `INVALID` for
    ///   a row that is then without any vector in a collection that has them
    public WriteResult upsert(SpaceId space, String collection, List<Row> rows) {
        return write(space, collection, RowWrite.of(RowWrite.Mode.UPSERT, rows));
    }

    /// Writes rows by a mode and under conditions, in one atomic, durable step, with the vectors of
    /// their texts as [#upsert] does. A patch that brings a text brings its vectors, too.
    ///
    /// @throws QuernException as [#upsert]; `CONFLICT` when a condition does not hold
    public WriteResult write(SpaceId space, String collection, RowWrite write) {
        boolean whole = write.mode() != RowWrite.Mode.PATCH;
        return collections.write(
                space,
                collection,
                schema ->
                        new RowWrite(
                                write.mode(),
                                embedded(collection, schema, write.rows(), whole),
                                write.deletes(),
                                write.ids()));
    }

    /// Merges a patch into every row that matches, with the vectors of its texts.
    ///
    /// @throws QuernException as [CollectionService#patch] and [EmbedService#embed]
    public WriteResult patch(SpaceId space, String collection, Filter where, RowChange patch) {
        return collections.patch(
                space,
                collection,
                where,
                schema -> embedded(collection, schema, List.of(patch), false).getFirst());
    }

    /// @param whole whether rows must have a vector
    private List<RowChange> embedded(
            String collection, CollectionSchema schema, List<RowChange> changes, boolean whole) {
        List<Row> rows = changes.stream().map(RowChange::row).toList();
        List<Map<String, float[]>> vectors = new ArrayList<>(rows.size());
        rows.forEach(row -> vectors.add(new TreeMap<>(row.vectors())));
        schema.vectors()
                .forEach((name, field) -> {
                    if (field.model().isPresent()) {
                        embed(collection, name, field, rows, vectors);
                    }
                });
        List<RowChange> complete = new ArrayList<>(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            Map<String, float[]> made = vectors.get(i);
            made.keySet().removeAll(changes.get(i).removed().vectors());
            if (whole && made.isEmpty() && !schema.vectors().isEmpty()) {
                throw withoutVector(collection, schema, rows.get(i));
            }
            complete.add(changes.get(i).with(rows.get(i).withVectors(made)));
        }
        return complete;
    }

    private void embed(
            String collection,
            String name,
            VectorField field,
            List<Row> rows,
            List<Map<String, float[]>> vectors) {
        List<Integer> missing = new ArrayList<>();
        List<EmbedInput> inputs = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            String text = rows.get(i).texts().get(field.source());
            if (text != null && !vectors.get(i).containsKey(name)) {
                missing.add(i);
                inputs.add(new EmbedInput.Text(text));
            }
        }
        if (inputs.isEmpty()) {
            return;
        }
        ModelInfo model = CollectionModel.require(collection, field, embedder);
        float[][] made = embedder.embed(model.id(), inputs).vectors();
        for (int i = 0; i < made.length; i++) {
            vectors.get(missing.get(i)).put(name, made[i]);
        }
    }

    private static QuernException withoutVector(
            String collection, CollectionSchema schema, Row row) {
        String id = "row \"" + Names.abbreviate(row.id()) + "\"";
        boolean embeds =
                schema.vectors().values().stream().anyMatch(field -> field.model().isPresent());
        return QuernException.invalid(
                embeds
                        ? id + " has neither a vector nor a text to embed"
                        : id
                                + " has no vector, and collection \""
                                + collection
                                + "\" has no embedding model: give vectors, or create it with a"
                                + " model");
    }

    /// Searches; a text is embedded when a dense leg needs it.
    ///
    /// @throws QuernException as [CollectionService#search] and [EmbedService#embed]; `INVALID` if
    ///   a leg lacks what it needs, or its field has no model to embed with
    public SearchOutcome search(SpaceId space, String collection, TextQuery query) {
        return search(space, CollectionRef.of(collection), query);
    }

    /// Searches a collection, or a snapshot.
    ///
    /// @throws QuernException as the other
    public SearchOutcome search(SpaceId space, CollectionRef collection, TextQuery query) {
        return collections.search(space, collection, schema -> embedded(collection, schema, query));
    }

    /// Searches if that takes no time to speak of and waits for nothing; see
    /// [CollectionService#searchAtOnce].
    ///
    /// @return empty also if a text would have to be embedded
    /// @throws QuernException as [#search]
    public Optional<SearchOutcome> searchAtOnce(
            SpaceId space, CollectionRef collection, TextQuery query) {
        if (query.legs().size() == 1
                && query.legs().getFirst() instanceof TextLeg.Dense dense
                && dense.vector().isPresent()) {
            Leg leg = leg(dense, dense.vector().get());
            return collections.searchAtOnce(
                    space, collection, new SearchSpec(List.of(leg), query.options()));
        }
        return Optional.empty();
    }

    private static Leg leg(TextLeg.Dense dense, float[] vector) {
        return new Leg.Dense(dense.field(), vector, dense.exact(), dense.width());
    }

    private SearchSpec embedded(
            CollectionRef collection, CollectionSchema schema, TextQuery query) {
        List<Leg> legs = new ArrayList<>();
        for (TextLeg leg : query.legs()) {
            legs.add(
                    switch (leg) {
                        case TextLeg.Dense dense -> leg(dense, vector(collection, schema, dense));
                        case TextLeg.Bm25(
                                        Map<String, Double> fields,
                                        String text,
                                        Leg.Syntax syntax) ->
                                new Leg.Bm25(fields, requireInk("bm25", text), syntax);
                    });
        }
        return new SearchSpec(legs, query.options());
    }

    private float[] vector(CollectionRef collection, CollectionSchema schema, TextLeg.Dense leg) {
        if (leg.vector().isPresent()) {
            return leg.vector().get();
        }
        String text = requireInk("dense", leg.text().orElse(""));
        VectorField field =
                leg.field()
                        .or(schema::defaultVector)
                        .map(schema.vectors()::get)
                        .orElseThrow(() ->
                                QuernException.invalid(
                                        "a dense search in collection \""
                                                + collection.name()
                                                + "\" must name one of its vector fields "
                                                + schema.vectors().keySet()));
        ModelInfo model = CollectionModel.require(collection.name(), field, embedder);
        return embedder.embed(model.id(), List.of(new EmbedInput.Text(text))).vectors()[0];
    }

    private static String requireInk(String mode, String text) {
        if (text.isBlank()) {
            throw QuernException.invalid("a " + mode + " search needs a text that is not blank");
        }
        return text;
    }
}
