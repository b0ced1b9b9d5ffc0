package dev.quern.flight;

import dev.quern.storage.ChunkLease;
import java.util.List;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;

/// Sends pieces of a file, each as a batch of one row over the chunk's own memory. Not thread-safe;
/// its owner closes it. Messages in flight outlive it.
final class FileSender implements AutoCloseable {
    private final BufferAllocator allocator;
    private final ServerStreamListener listener;
    private final CallGate gate;
    private final int batchBytes;
    private final VectorSchemaRoot root;

    FileSender(
            BufferAllocator allocator,
            ServerStreamListener listener,
            CallGate gate,
            int batchBytes) {
        this.allocator = allocator;
        this.listener = listener;
        this.gate = gate;
        this.batchBytes = batchBytes;
        this.root = VectorSchemaRoot.create(FlightSchemas.FILE, allocator);
    }

    /// Sends the schema.
    void start() {
        listener.setUseZeroCopy(true);
        listener.start(root);
    }

    /// Sends the first bytes of a chunk, waiting for the client as needed.
    ///
    /// @param fileOffset where in the file the chunk's bytes start
    /// @param maxBytes send at most this many
    /// @param chunk taken over and closed
    /// @return bytes sent
    long send(long fileOffset, long maxBytes, ChunkLease chunk) {
        try (SharedLease lease = new SharedLease(chunk)) {
            long length = Math.min(maxBytes, lease.sizeBytes());
            long sent = 0;
            while (sent < length) {
                gate.awaitReady();
                int piece = (int) Math.min(batchBytes, length - sent);
                load(fileOffset + sent, lease, sent, piece);
                listener.putNext();
                // The message holds what it needs; a buffer is never written again once sent.
                root.clear();
                sent += piece;
            }
            return length;
        }
    }

    private void load(long fileOffset, SharedLease lease, long position, int length) {
        BigIntVector offsets = (BigIntVector) root.getVector(FlightSchemas.OFFSET);
        offsets.allocateNew(1);
        offsets.set(0, fileOffset);
        VarBinaryVector data = (VarBinaryVector) root.getVector(FlightSchemas.DATA);
        try (ArrowBuf bytes = lease.slice(allocator, position, length);
                ArrowBuf bounds = allocator.buffer(2 * VarBinaryVector.OFFSET_WIDTH);
                ArrowBuf noNulls = allocator.getEmpty()) {
            bounds.writeInt(0);
            bounds.writeInt(length);
            data.loadFieldBuffers(new ArrowFieldNode(1, 0), List.of(noNulls, bounds, bytes));
        }
        root.setRowCount(1);
    }

    @Override
    public void close() {
        root.close();
    }
}
