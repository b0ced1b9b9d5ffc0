package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// What [CollectionService] writes: to where a name leads; once more when that changed before the
/// write took place. Thread-safe.
final class CollectionWrites {
    /// A write or a read that finds its collection renamed, switched or rolled back so often gives
    /// up.
    static final int MAX_MOVES = 100;

    private final Catalog catalog;
    private final OpenCollections open;

    CollectionWrites(Catalog catalog, OpenCollections open) {
        this.catalog = catalog;
        this.open = open;
    }

    WriteResult write(Supplier<Definition> place, WriteBatch batch) {
        return writing(place, _ -> (live, called) -> live.write(called, batch, Optional.empty()));
    }

    /// @param made what to write, by the fields; it may take long, so it keeps nothing open
    WriteResult write(Supplier<Definition> place, Function<CollectionSchema, RowWrite> made) {
        return writing(
                place,
                definition -> {
                    RowWrite write = made.apply(fields(definition));
                    return (live, called) ->
                            write.isPlain()
                                    ? live.write(called, write.batch(), write.ids())
                                    : live.conditional().write(called, write);
                });
    }

    /// @param made the patch, by the fields, as for [#write]
    WriteResult patch(
            Supplier<Definition> place, Filter where, Function<CollectionSchema, RowChange> made) {
        return writing(
                place,
                definition -> {
                    RowChange patch = made.apply(fields(definition));
                    return (live, called) -> live.conditional().patchWhere(called, where, patch);
                });
    }

    private CollectionSchema fields(Definition definition) {
        return catalog.schema(definition).fields();
    }

    /// A write to a collection as it is called.
    private interface Writing {
        WriteResult write(LiveCollection live, Definition called);
    }

    private WriteResult writing(Supplier<Definition> place, Function<Definition, Writing> made) {
        for (int tries = 1; ; tries++) {
            Definition definition = place.get();
            Writing write = made.apply(definition);
            try (OpenCollections.Lease lease = open.acquire(definition)) {
                return write.write(lease.live(), definition);
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.NOT_FOUND
                        || tries == MAX_MOVES
                        || place.get().version() == definition.version()) {
                    throw e;
                }
            }
        }
    }
}
