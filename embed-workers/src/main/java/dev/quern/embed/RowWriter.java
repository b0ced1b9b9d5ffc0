package dev.quern.embed;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.CollectionService;
import dev.quern.vector.Filter;
import dev.quern.vector.WriteBatch;
import dev.quern.vector.WriteResult;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Writes to one collection for a sync, which would rather wait than be refused: to that very
/// collection, whatever it is called and whatever an alias means by now, until a rollback.
final class RowWriter {
    private static final int MAX_ATTEMPTS = 100;
    private static final long MAX_PAUSE_MILLIS = 2_000;

    private final CollectionService collections;
    private final SpaceId space;
    private final CollectionInfo collection;

    RowWriter(CollectionService collections, SpaceId space, CollectionInfo collection) {
        this.collections = collections;
        this.space = space;
        this.collection = collection;
    }

    /// Deletes the rows that match, then writes others, in one step.
    ///
    /// A collection refuses a filter on an attribute that none of its rows ever had; then there is
    /// nothing to delete, and the rest is written.
    WriteResult write(WriteBatch batch) {
        try {
            return writeWhenThereIsRoom(batch);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.INVALID || batch.deleteWhere().isEmpty()) {
                throw e;
            }
        }
        if (batch.upserts().isEmpty()) {
            return new WriteResult(0, 0, 0);
        }
        return writeWhenThereIsRoom(WriteBatch.upsert(batch.upserts()));
    }

    /// Deletes the rows that match; returns how many.
    int delete(Filter filter) {
        return write(new WriteBatch(List.of(), List.of(), Optional.of(filter))).deleted();
    }

    private WriteResult writeWhenThereIsRoom(WriteBatch batch) {
        for (int attempt = 1; ; attempt++) {
            try {
                return collections.write(space, collection, batch);
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.EXHAUSTED || attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                pause(e.details().get("retry_after_ms") instanceof Number n ? n.longValue() : 100);
            }
        }
    }

    private static void pause(long millis) {
        try {
            // Nothing counts it down: this is a wait with a deadline that an interrupt ends.
            boolean _ =
                    new CountDownLatch(1)
                            .await(Math.clamp(millis, 10, MAX_PAUSE_MILLIS), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "interrupted while waiting to write rows", e);
        }
    }
}
