package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.lucene.index.IndexReader;

/// Chooses how wide searches of collections walk ([TunedWidth]). Thread-safe.
public final class CollectionTuning {
    private final Parts parts;

    /// Tunings under way, by collection.
    private final Map<String, TuneTurns> running = new ConcurrentHashMap<>();

    CollectionTuning(Parts parts) {
        this.parts = parts;
    }

    /// What tuning works with.
    record Parts(
            Catalog catalog,
            CollectionReads reads,
            OpenCollections open,
            CpuPool searching,
            DenseLeg.Means means,
            InstantSource clock) {}

    /// What is tuned: the index at one moment, which others may change meanwhile.
    private record Held(IndexReader reader, Closeable hold, Schema schema, RecallSamples samples) {}

    /// Finds the narrowest width that reaches a recall, for each of the fields asked for, by recent
    /// queries and the vectors of stored rows, and keeps it, if that is asked for: from then on
    /// searches of the field that say no width take it. Takes seconds to minutes; searches and
    /// writes go on meanwhile, and have precedence.
    ///
    /// @return by field
    /// @throws QuernException `NOT_FOUND`; `INVALID` for a field that is no vector field;
    ///   `CONFLICT` if the collection is being tuned already, or was rolled back meanwhile
    public NavigableMap<String, FieldTuning> tune(SpaceId space, String name, TuneSpec spec) {
        Definition definition = parts.catalog().get(space, name);
        List<String> fields = fields(parts.catalog().schema(definition), spec.field());
        TuneTurns turns = new TuneTurns(parts.searching(), spec.timeout());
        if (running.putIfAbsent(definition.id(), turns) != null) {
            throw QuernException.conflict(
                    "collection \"" + definition.name() + "\" is being tuned already");
        }
        try {
            NavigableMap<String, FieldTuning> found = tuned(definition, fields, spec, turns);
            return Collections.unmodifiableNavigableMap(
                    spec.keep() && !turns.isCancelled() ? kept(definition, found) : found);
        } finally {
            running.remove(definition.id(), turns);
        }
    }

    private NavigableMap<String, FieldTuning> tuned(
            Definition definition, List<String> fields, TuneSpec spec, TuneTurns turns) {
        NavigableMap<String, FieldTuning> found = new TreeMap<>();
        Held held = hold(definition);
        try (Closeable _ = held.hold()) {
            for (int i = 0; i < fields.size(); i++) {
                String field = fields.get(i);
                turns.beginPart(fields.size() - i);
                WidthTuner.Setting setting =
                        new WidthTuner.Setting(
                                held.reader(),
                                held.schema(),
                                field,
                                parts.means(),
                                spec,
                                parts.clock());
                found.put(field, new WidthTuner(setting, turns).run(held.samples().vectors(field)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private Held hold(Definition definition) {
        return opened(
                definition,
                live ->
                        parts.searching()
                                .call(() ->
                                        live.read(searcher -> {
                                            IndexReader reader = searcher.getIndexReader();
                                            return new Held(
                                                    reader,
                                                    Expiry.hold(reader),
                                                    live.schema().now(),
                                                    live.samples());
                                        })));
    }

    /// @throws QuernException as the action does; `NOT_FOUND` if the collection is gone
    private <T> T opened(Definition definition, Function<LiveCollection, T> action) {
        try (OpenCollections.Lease lease = parts.open().acquire(definition)) {
            return action.apply(lease.live());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.UNAVAILABLE) {
                var _ = parts.catalog().current(definition);
            }
            throw e;
        }
    }

    /// All are kept in one step.
    private NavigableMap<String, FieldTuning> kept(
            Definition definition, NavigableMap<String, FieldTuning> found) {
        NavigableMap<String, TunedWidth> chosen = new TreeMap<>();
        found.forEach(
                (field, tuning) -> tuning.chosen().ifPresent(width -> chosen.put(field, width)));
        if (chosen.isEmpty()) {
            return found;
        }
        Definition now = parts.catalog().current(definition);
        if (now.epoch() != definition.epoch()) {
            throw QuernException.conflict(
                    "collection \"" + now.name() + "\" was rolled back meanwhile: tune it again");
        }
        change(
                now,
                schema -> {
                    Schema changed = schema;
                    for (Map.Entry<String, TunedWidth> each : chosen.entrySet()) {
                        changed = changed.withTuned(each.getKey(), Optional.of(each.getValue()));
                    }
                    return changed;
                });
        NavigableMap<String, FieldTuning> kept = new TreeMap<>(found);
        chosen.keySet().forEach(field -> kept.computeIfPresent(field, (_, t) -> t.asKept()));
        return kept;
    }

    /// Ends the tuning of a collection that is under way; what it found is not kept.
    ///
    /// @return whether there was one
    /// @throws QuernException `NOT_FOUND`
    public boolean cancel(SpaceId space, String name) {
        TuneTurns turns = running.get(parts.catalog().get(space, name).id());
        if (turns == null) {
            return false;
        }
        turns.cancel();
        return true;
    }

    /// Sets the width of a field by hand.
    ///
    /// @param field empty: the default vector field
    /// @param width 1 to [TunedWidth#MAX]
    /// @throws QuernException `NOT_FOUND`; `INVALID` for the field or the width
    public void set(SpaceId space, String name, Optional<String> field, int width) {
        TunedWidth tuned = TunedWidth.byHand(width);
        change(
                parts.catalog().get(space, name),
                schema ->
                        schema.withTuned(
                                field.or(schema.fields()::defaultVector)
                                        .orElseThrow(() -> unnamed(schema)),
                                Optional.of(tuned)));
    }

    /// Has searches of a field take the default again.
    ///
    /// @param field empty: all of them
    /// @throws QuernException `NOT_FOUND`; `INVALID` for the field
    public void clear(SpaceId space, String name, Optional<String> field) {
        change(
                parts.catalog().get(space, name),
                schema -> {
                    Schema changed = schema;
                    for (String each : fields(schema, field)) {
                        changed = changed.withTuned(each, Optional.empty());
                    }
                    return changed;
                });
    }

    private void change(Definition definition, Catalog.SchemaChange change) {
        opened(
                definition,
                live -> {
                    live.schema().change(change);
                    return live;
                });
    }

    /// The widths that fields of a collection have, or had in a snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    public NavigableMap<String, TunedWidth> widths(SpaceId space, CollectionRef ref) {
        return parts.reads().whole(parts.reads().place(space, ref)).tuned();
    }

    private static List<String> fields(Schema schema, Optional<String> field) {
        field.ifPresent(schema::vector);
        List<String> fields =
                new ArrayList<>(
                        field.map(List::of)
                                .orElseGet(() -> List.copyOf(schema.fields().vectors().keySet())));
        if (fields.isEmpty()) {
            throw unnamed(schema);
        }
        return fields;
    }

    private static QuernException unnamed(Schema schema) {
        return QuernException.invalid(
                schema.fields().vectors().isEmpty()
                        ? "collection has no vector field to tune"
                        : "name one of the collection's vector fields "
                                + String.join(", ", schema.fields().vectors().keySet()));
    }
}
