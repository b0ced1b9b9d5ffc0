package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The schema of an open collection, and what it makes of writes. Thread-safe; the lock is held
/// across a commit to the log, by changes of the schema only.
final class LiveSchema implements ReadableCollection.Fields {
    private final Definition definition;
    private final Catalog catalog;
    private final ReentrantLock typing = new ReentrantLock();
    private volatile Schema current;

    LiveSchema(Definition definition, Catalog catalog) {
        this.definition = definition;
        this.catalog = catalog;
        this.current = catalog.schema(definition);
    }

    @Override
    public Schema now() {
        return current;
    }

    /// The batch as it is written: checked, in the types of the schema, which then has the batch's
    /// new attributes, too.
    ///
    /// @param ids as for [RowWrite]; a batch that is refused decides nothing
    /// @throws QuernException `INVALID` naming the row and what is wrong; `CONFLICT` if ids are
    ///   decided otherwise
    WriteBatch conform(WriteBatch asked, Optional<IdType> ids) {
        Schema before = current;
        Schema known = deciding(before, ids);
        WriteBatch batch = new WriteCheck(known).check(asked);
        batch.deleteWhere().ifPresent(filter -> FilterCheck.check(filter, known));
        Schema wanted = known.with(batch.upserts());
        WriteBatch conformed = in(wanted, batch);
        if (wanted.equals(before)) {
            return conformed;
        }
        change(base -> deciding(base, ids).with(conformed.upserts()));
        Schema grown = current;
        boolean sameIds = grown.fields().ids() == known.fields().ids();
        return in(grown, sameIds ? batch : new WriteCheck(grown).check(asked));
    }

    /// A write that depends on rows, checked and in the types that the schema has or would get; of
    /// rows of one id the last. Changes nothing.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong
    RowWrite check(RowWrite asked) {
        Schema known = deciding(current, asked.ids());
        WriteCheck check = new WriteCheck(known);
        WriteBatch batch =
                asked.mode() == RowWrite.Mode.PATCH
                        ? check.checkParts(asked.batch())
                        : check.check(asked.batch());
        WriteBatch typed = in(known.with(batch.upserts()), batch);
        Map<String, RowChange> changes = new HashMap<>();
        asked.rows().forEach(change -> changes.put(change.row().id(), change));
        List<RowChange> rows = new ArrayList<>();
        for (Row row : typed.upserts()) {
            RowChange change = changes.get(row.id());
            if (change != null) {
                check.checkChange(asked.mode(), change);
                rows.add(change.with(row));
            }
        }
        Map<String, RowWrite.Delete> deletes = new LinkedHashMap<>();
        asked.deletes().forEach(delete -> deletes.put(delete.id(), delete));
        for (RowWrite.Delete delete : deletes.values()) {
            WriteCheck.checkDelete(delete, changes.keySet());
        }
        return new RowWrite(asked.mode(), rows, List.copyOf(deletes.values()), asked.ids());
    }

    /// A batch of rows that [#check] gave, in part merged with others, as it is written. The schema
    /// then has its new attributes, too.
    ///
    /// @param ids as for [RowWrite]
    /// @throws QuernException `INVALID` naming the row and what is wrong; `CONFLICT` if ids are
    ///   decided otherwise
    WriteBatch declare(WriteBatch batch, Optional<IdType> ids) {
        Schema before = current;
        Schema known = deciding(before, batch.upserts().isEmpty() ? Optional.empty() : ids);
        batch.upserts().forEach(new WriteCheck(known)::checkWhole);
        if (!known.with(batch.upserts()).equals(before)) {
            change(base -> deciding(base, ids).with(batch.upserts()));
        }
        Schema grown = current;
        for (Row row : batch.upserts()) {
            grown.fields().ids().check("row \"" + Names.abbreviate(row.id()) + "\": id", row.id());
        }
        return in(grown, batch);
    }

    private static Schema deciding(Schema schema, Optional<IdType> ids) {
        return ids.map(type -> schema.with(schema.fields().withIds(type))).orElse(schema);
    }

    private static WriteBatch in(Schema schema, WriteBatch batch) {
        return new WriteBatch(
                batch.upserts().stream().map(schema::conform).toList(),
                batch.deleteIds(),
                batch.deleteWhere());
    }

    /// Changes the schema, durably.
    void change(Catalog.SchemaChange change) {
        typing.lock();
        try {
            current = catalog.change(definition, current, change);
        } finally {
            typing.unlock();
        }
    }

    /// Checks a batch that was read back. A schema only grows, so what was written under an earlier
    /// one fits it.
    ///
    /// @throws QuernException `CORRUPT` naming the write and the field
    void requireFits(long token, WriteBatch batch) {
        requireFits(definition, current, token, batch);
    }

    /// The same with another schema that has every field.
    static void requireFits(Definition definition, Schema schema, long token, WriteBatch batch) {
        for (Row row : batch.upserts()) {
            row.vectors()
                    .forEach((name, vector) -> {
                        VectorField field = schema.fields().vectors().get(name);
                        if (field == null || field.dims() != vector.length) {
                            throw QuernException.corrupt(
                                    "collection \""
                                            + definition.name()
                                            + "\", write "
                                            + token
                                            + " has a vector of "
                                            + vector.length
                                            + " dims in field \""
                                            + name
                                            + "\", expected "
                                            + (field == null ? "no such field" : field.dims()));
                        }
                    });
        }
    }
}
