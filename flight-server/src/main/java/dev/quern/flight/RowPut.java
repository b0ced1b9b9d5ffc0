package dev.quern.flight;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.IdType;
import dev.quern.vector.RowChange;
import dev.quern.vector.RowTerms;
import dev.quern.vector.RowWrite;
import dev.quern.vector.WriteResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

/// Receives rows: each batch is durable and visible before it is acknowledged. A batch of at most
/// 10,000 rows is written in one atomic step, a longer one in several. Thread-safe.
final class RowPut {
    private static final int MAX_WRITE_ROWS = 10_000;

    private final CollectionService collections;

    RowPut(CollectionService collections) {
        this.collections = collections;
    }

    /// Receives batches to the end of the stream.
    ///
    /// @param acknowledge told of each batch after it is durable
    /// @throws QuernException `INVALID` naming the row, `NOT_FOUND`, `EXHAUSTED`, `CONFLICT` naming
    ///   the first row of a batch whose version is not the one expected; the batches acknowledged
    ///   before stay
    void receive(
            SpaceId space, Target.Rows target, PutStream batches, Consumer<RowAck> acknowledge) {
        if (target.rows().at().isPresent()) {
            throw QuernException.invalid(
                    "rows cannot be put into a snapshot: the descriptor path must be [collection,"
                            + " COLLECTION]");
        }
        Options options =
                batches.firstMetadata()
                        .map(json -> FlightJson.read("DoPut metadata", json, Options.class))
                        .orElse(new Options(null, null));
        RowWrite.Mode mode = RowWrite.Mode.of(options.mode(), List.of(RowWrite.Mode.values()));
        String collection = target.rows().name();
        CollectionSchema fields = collections.schema(space, collection);
        FlightSchemas.requireRows(batches.batch().getSchema(), fields, target.columns(), mode);
        boolean numbers =
                fields.idType().isEmpty() && FlightSchemas.hasNumbers(batches.batch().getSchema());
        IdType ids = numbers ? IdType.UINT64 : fields.ids();
        while (batches.next()) {
            VectorSchemaRoot batch = batches.batch();
            Instant now = collections.now();
            RowDecoder decoder =
                    new RowDecoder(
                            batch,
                            fields,
                            target.columns(),
                            mode == RowWrite.Mode.PATCH,
                            now,
                            RowTerms.byDefault(options.ttl(), now));
            int total = batch.getRowCount();
            requireOneStep(decoder, total);
            RowAck ack = RowAck.NOTHING;
            for (int from = 0; from < total; from += MAX_WRITE_ROWS) {
                int end = Math.min(from + MAX_WRITE_ROWS, total);
                RowWrite write = new RowWrite(mode, rows(decoder, from, end), List.of());
                WriteResult result =
                        collections.write(
                                space, collection, numbers ? write.deciding(IdType.UINT64) : write);
                ack = ack.and(RowAck.of(result, ids));
            }
            if (total > 0) {
                acknowledge.accept(ack);
            }
        }
    }

    private static void requireOneStep(RowDecoder decoder, int rows) {
        if (rows > MAX_WRITE_ROWS && decoder.hasConditions()) {
            throw QuernException.invalid(
                    "a batch with 'if_version' or 'if_absent' is written whole or not at all: it"
                            + " must have at most "
                            + MAX_WRITE_ROWS
                            + " rows, got "
                            + rows);
        }
    }

    private static List<RowChange> rows(RowDecoder decoder, int from, int end) {
        List<RowChange> rows = new ArrayList<>(end - from);
        for (int i = from; i < end; i++) {
            rows.add(decoder.row(i));
        }
        return rows;
    }

    /// The metadata of the first message.
    ///
    /// @param mode upsert, insert, update or patch; null: upsert
    /// @param ttl in how many seconds rows are gone that do not say it; null: never
    record Options(@Nullable String mode, @Nullable Long ttl) {}
}
