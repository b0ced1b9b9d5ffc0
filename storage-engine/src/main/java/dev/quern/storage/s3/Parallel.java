package dev.quern.storage.s3;

import dev.quern.storage.Workers;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/// Runs numbered pieces of work on memory that may be confined to one thread.
final class Parallel {
    private Parallel() {}

    /// Runs all pieces as [Workers] does.
    ///
    /// @param memory what the pieces read or write: if only this thread may, they run here
    static void run(int pieces, MemorySegment memory, IntConsumer work) {
        Thread probe = Thread.ofVirtual().unstarted(() -> {});
        if (pieces == 1 || !memory.isAccessibleBy(probe)) {
            for (int i = 0; i < pieces; i++) {
                work.accept(i);
            }
            return;
        }
        Workers.run(IntStream.range(0, pieces).boxed().toList(), work::accept);
    }
}
