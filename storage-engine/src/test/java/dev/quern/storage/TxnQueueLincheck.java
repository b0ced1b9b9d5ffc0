package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;

import dev.quern.common.QuernException;
import dev.quern.storage.TxnQueue.Waiting;
import java.util.List;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/// A [TxnQueue] as [ConcurrencyTest] drives it: many callers and one applier.
@Param(name = "size", gen = IntGen.class, conf = "1:3")
public final class TxnQueueLincheck {
    private static final Txn TXN = Txn.in(SPACE).build();
    private static final int UNIT_BYTES = 100;
    private static final int MAX_QUEUED_BYTES = 1400;
    private static final int GROUP_BYTES = 800;

    private final TxnQueue queue = new TxnQueue(MAX_QUEUED_BYTES, GROUP_BYTES);
    private List<Waiting> held = List.of();

    /// Returns whether there was room.
    @Operation
    public boolean enqueue(@Param(name = "size") int size) {
        try {
            queue.enqueue(new byte[size * UNIT_BYTES], TXN);
            return true;
        } catch (QuernException e) {
            return false;
        }
    }

    @Operation
    public boolean isIdle() {
        return queue.isIdle();
    }

    /// Returns how many it took, -1 if it holds some already or would wait.
    @Operation(nonParallelGroup = "applier")
    public int take() {
        if (!held.isEmpty() || queue.isIdle()) {
            return -1;
        }
        held = queue.take();
        return held.size();
    }

    @Operation(nonParallelGroup = "applier")
    public int answer() {
        int answered = held.size();
        queue.answered(held);
        held = List.of();
        return answered;
    }
}
