package dev.quern.flight;

import dev.quern.common.QuernException;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.Row;
import dev.quern.vector.RowCursor;
import dev.quern.volume.CommitId;
import dev.quern.volume.FileContent;
import dev.quern.volume.VolumePath;
import java.util.List;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.BufferAllocator;

/// Sends what a claim names. Blocks while the client does not read. Thread-safe.
final class Downloads {
    /// Batches of rows may be this many times as long as batches of a file: a row's columns are
    /// copied anyway, and longer batches cost less for each row.
    private static final int ROW_BATCH_FACTOR = 2;

    private final FlightServices services;
    private final BufferAllocator allocator;
    private final int batchBytes;

    Downloads(FlightServices services, BufferAllocator allocator, int batchBytes) {
        this.services = services;
        this.allocator = allocator;
        this.batchBytes = batchBytes;
    }

    /// Sends a whole stream and completes it.
    ///
    /// @throws QuernException `NOT_FOUND`, `CORRUPT`, `EXHAUSTED`, `UNAVAILABLE`
    void send(Claim claim, ServerStreamListener listener, CallGate gate) {
        switch (claim) {
            case Claim.FileRange file -> sendFile(file, listener, gate);
            case Claim.Rows rows -> sendRows(rows, listener, gate);
            case Claim.SelfTest test -> sendPattern(test, listener, gate);
        }
        listener.completed();
    }

    // Each lease passes into the sender, which closes it with the last message over its bytes.
    @SuppressWarnings("MustBeClosedChecker")
    private void sendFile(Claim.FileRange claim, ServerStreamListener listener, CallGate gate) {
        try (FileContent content =
                        services.volumes()
                                .open(
                                        claim.space(),
                                        claim.volume(),
                                        new CommitId(claim.commit()),
                                        new VolumePath(claim.path()));
                FileSender sender = new FileSender(allocator, listener, gate, batchBytes)) {
            long offset = claim.range().offset();
            long end = Math.addExact(offset, claim.range().length());
            if (end > content.info().sizeBytes()) {
                throw QuernException.internal(
                        "ticket ends at "
                                + end
                                + " in a file of "
                                + content.info().sizeBytes()
                                + " bytes",
                        null);
            }
            sender.start();
            while (offset < end) {
                offset += sender.send(offset, end - offset, content.lease(offset));
            }
        }
    }

    private void sendRows(Claim.Rows claim, ServerStreamListener listener, CallGate gate) {
        try (RowCursor cursor = services.collections().cursor(claim.space(), claim.collection())) {
            CollectionInfo collection = cursor.collection();
            if (!collection.id().equals(claim.id())) {
                throw QuernException.notFound(
                        "collection \""
                                + claim.collection()
                                + "\" of the ticket was deleted; another has its name now");
            }
            try (RowSender sender =
                    new RowSender(
                            allocator,
                            listener,
                            gate,
                            collection.schema(),
                            claim.columns(),
                            (long) batchBytes * ROW_BATCH_FACTOR)) {
                sender.start();
                List<Row> rows = cursor.next(sender.rowsPerBatch());
                while (!rows.isEmpty()) {
                    sender.send(rows);
                    rows = cursor.next(sender.rowsPerBatch());
                }
            }
        }
    }

    private void sendPattern(Claim.SelfTest claim, ServerStreamListener listener, CallGate gate) {
        try (FileSender sender = new FileSender(allocator, listener, gate, batchBytes)) {
            sender.start();
            sender.send(0, claim.length(), SelfTest.pattern(claim.length()));
        }
    }
}
