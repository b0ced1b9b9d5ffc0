package dev.quern.http;

import com.fasterxml.jackson.databind.node.NullNode;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CollectionIndex;
import dev.quern.common.wire.HistoryBody;
import dev.quern.common.wire.Performance;
import dev.quern.common.wire.RecallBody;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.RowPage;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SearchPlace;
import dev.quern.common.wire.SearchPlan;
import dev.quern.common.wire.VectorIndexBody;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionStats;
import dev.quern.vector.FieldRecall;
import dev.quern.vector.HistoryInfo;
import dev.quern.vector.Hit;
import dev.quern.vector.Row;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.TunedWidth;
import dev.quern.vector.VectorField;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Collections and rows as the wire has them.
final class CollectionWire {
    private CollectionWire() {}

    static CollectionBody collection(CollectionInfo info) {
        VectorField vector = info.schema().vectors().get(CollectionSchema.VECTOR);
        return new CollectionBody(
                info.name(),
                info.id(),
                info.createdAt().toString(),
                vector == null ? null : vector.dims(),
                vector == null ? null : vector.metric().toString(),
                vector == null ? null : vector.model().orElse(null),
                SchemaWire.body(info.schema()),
                info.rows(),
                info.aliases().isEmpty() ? null : info.aliases());
    }

    static HistoryBody history(HistoryInfo history) {
        return new HistoryBody(
                history.window().toSeconds(),
                history.since().map(Instant::toString).orElse(null),
                history.sinceToken(),
                history.points(),
                history.bytes());
    }

    /// @param history empty in a read of what was
    static CollectionIndex stats(
            CollectionStats stats,
            Map<String, FieldRecall> recall,
            Map<String, TunedWidth> tuned,
            Optional<HistoryInfo> history) {
        Map<String, VectorIndexBody> vectors = new TreeMap<>();
        stats.vectors()
                .forEach((name, field) ->
                        vectors.put(
                                name,
                                new VectorIndexBody(
                                        field.rows(),
                                        field.fusedRows(),
                                        field.hotRows(),
                                        field.hnswRows(),
                                        field.formats(),
                                        Optional.ofNullable(recall.get(name))
                                                .map(CollectionWire::recall)
                                                .orElse(null),
                                        Optional.ofNullable(tuned.get(name))
                                                .map(TuneWire::width)
                                                .orElse(null))));
        return new CollectionIndex(
                stats.rows(),
                stats.segments(),
                stats.merging(),
                vectors,
                history.map(CollectionWire::history).orElse(null));
    }

    private static RecallBody recall(FieldRecall recall) {
        return new RecallBody(recall.recall(), recall.queries(), recall.at().toString());
    }

    private static RowBody row(Row row) {
        return new RowBody(
                row.id(),
                row.text().orElse(null),
                vector(row.vectors().get(CollectionSchema.VECTOR)),
                attributes(row.attributes()),
                otherTexts(row),
                otherVectors(row),
                version(row),
                expiresAt(row),
                null,
                null,
                null);
    }

    private static @Nullable Long version(Row row) {
        return row.version() == 0 ? null : row.version();
    }

    private static @Nullable String expiresAt(Row row) {
        return row.expires().map(Instant::toString).orElse(null);
    }

    /// @param versions whether the rows tell theirs
    static RowPage page(dev.quern.vector.RowPage page, boolean versions) {
        return new RowPage(
                page.rows().stream().map(row -> row(row, versions)).toList(),
                page.next().orElse(null));
    }

    /// @param versions whether the row tells its version and when it expires
    static RowBody row(Row row, boolean versions) {
        return row(
                versions ? row : new Row(row.id(), row.vectors(), row.texts(), row.attributes()));
    }

    static SearchHit hit(Hit hit) {
        Row row = hit.row();
        return new SearchHit(
                row.id(),
                hit.score(),
                row.text().orElse(null),
                attributes(row.attributes()),
                vector(row.vectors().get(CollectionSchema.VECTOR)),
                otherTexts(row),
                otherVectors(row),
                version(row),
                expiresAt(row),
                hit.legs().isEmpty()
                        ? null
                        : hit.legs().stream().map(CollectionWire::place).toList());
    }

    private static SearchPlace place(Optional<Hit.Place> place) {
        return new SearchPlace(
                place.map(Hit.Place::rank).orElse(null), place.map(Hit.Place::score).orElse(null));
    }

    static SearchPlan plan(SearchOutcome.LegPlan plan) {
        return new SearchPlan(
                plan.strategy().name().toLowerCase(Locale.ROOT),
                plan.reason(),
                counted(plan.matching()),
                counted(plan.work().estimated()),
                counted(plan.work().visited()),
                counted(plan.work().coded()),
                counted(plan.work().compared()),
                plan.width().map(SearchOutcome.Width::width).orElse(null),
                plan.width()
                        .map(width -> width.source().name().toLowerCase(Locale.ROOT))
                        .orElse(null));
    }

    private static @Nullable Long counted(long count) {
        return count < 0 ? null : count;
    }

    /// What a write cost.
    ///
    /// @param start of its handling, by the nanosecond clock
    static Performance writing(Request request, long start) {
        return new Performance(millisSince(start), null, null, request.body().receivedBytes());
    }

    /// What a search cost.
    ///
    /// @param start of its handling, by the nanosecond clock
    static Performance searching(SearchOutcome outcome, long start) {
        long compared = 0;
        boolean counted = false;
        for (SearchOutcome.LegPlan plan : outcome.plans()) {
            if (plan.strategy() == SearchOutcome.Strategy.EXACT && plan.matching() >= 0) {
                compared += plan.matching();
                counted = true;
            }
        }
        return new Performance(
                millisSince(start), outcome.rows(), counted ? (Long) compared : null, null);
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / 1e6;
    }

    private static @Nullable Map<String, String> otherTexts(Row row) {
        if (row.texts().isEmpty()) {
            return null;
        }
        Map<String, String> texts = new TreeMap<>(row.texts());
        texts.remove(CollectionSchema.TEXT);
        return texts.isEmpty() ? null : texts;
    }

    private static @Nullable Map<String, List<Float>> otherVectors(Row row) {
        if (row.vectors().isEmpty()) {
            return null;
        }
        Map<String, List<Float>> vectors = new TreeMap<>();
        row.vectors().forEach((name, vector) -> vectors.put(name, new FloatList(vector)));
        vectors.remove(CollectionSchema.VECTOR);
        return vectors.isEmpty() ? null : vectors;
    }

    private static @Nullable List<Float> vector(float @Nullable [] vector) {
        return vector == null ? null : new FloatList(vector);
    }

    /// Attributes as JSON has them.
    static Map<String, Object> attributes(Map<?, ?> attributes) {
        if (attributes.isEmpty()) {
            return Map.of();
        }
        Map<String, Object> wire = new TreeMap<>();
        attributes.forEach((name, value) -> wire.put((String) name, value(value)));
        return wire;
    }

    private static Object value(@Nullable Object value) {
        return switch (value) {
            case null -> NullNode.instance;
            case Instant moment -> moment.toString();
            case Map<?, ?> object -> attributes(object);
            case List<?> list -> {
                List<Object> values = new ArrayList<>(list.size());
                list.forEach(each -> values.add(value(each)));
                yield values;
            }
            default -> value;
        };
    }

    /// A row to write.
    ///
    /// @throws QuernException `INVALID` for a vector of no numbers, and for a field given twice
    static Row row(RowBody body) {
        Map<String, float[]> vectors = new TreeMap<>();
        Objects.requireNonNullElse(body.vectors(), Map.<String, List<Float>>of())
                .forEach((name, vector) -> vectors.put(name, floats(body, name, vector)));
        if (body.vector() != null) {
            requireOnce(
                    body,
                    CollectionSchema.VECTOR,
                    vectors.put(
                            CollectionSchema.VECTOR,
                            floats(body, CollectionSchema.VECTOR, body.vector())));
        }
        Map<String, String> texts =
                new TreeMap<>(Objects.requireNonNullElse(body.texts(), Map.of()));
        if (body.text() != null) {
            requireOnce(body, CollectionSchema.TEXT, texts.put(CollectionSchema.TEXT, body.text()));
        }
        return new Row(
                body.id(), vectors, texts, Objects.requireNonNullElse(body.attributes(), Map.of()));
    }

    private static float[] floats(RowBody body, String name, List<Float> vector) {
        if (vector.isEmpty()) {
            throw QuernException.invalid(
                    "row \"" + body.id() + "\": vector '" + name + "' has no numbers");
        }
        return FloatList.toArray(vector);
    }

    private static void requireOnce(RowBody body, String name, @Nullable Object before) {
        if (before != null) {
            throw QuernException.invalid(
                    "row \"" + body.id() + "\" has the field '" + name + "' twice");
        }
    }
}
