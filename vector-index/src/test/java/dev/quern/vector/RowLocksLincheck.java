package dev.quern.vector;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/// [RowLocks] as [InterleavingsTest] drives them: rows that some operations read before they write,
/// which must come to what they would one after the other, and nobody may wait for ever.
@Param(name = "row", gen = IntGen.class, conf = "0:2")
public final class RowLocksLincheck {
    /// The first two share a lock.
    private static final List<String> IDS = List.of("Aa", "BB", "c");

    private final RowLocks locks = new RowLocks(4);
    private final AtomicIntegerArray rows = new AtomicIntegerArray(IDS.size());

    /// A conditional write of two rows, in whichever order.
    @Operation
    public int add(@Param(name = "row") int a, @Param(name = "row") int b) {
        try (RowLocks.Held _ = locks.exclusive(List.of(IDS.get(a), IDS.get(b)))) {
            int sum = rows.get(a) + 1;
            rows.set(a, sum);
            rows.set(b, rows.get(b) + 1);
            return sum;
        }
    }

    /// A plain write.
    @Operation
    public void put(@Param(name = "row") int row) {
        try (RowLocks.Held _ = locks.shared(WriteBatch.delete(List.of(IDS.get(row))))) {
            rows.set(row, 10);
        }
    }

    /// A patch of what matches.
    @Operation
    public int addToAll() {
        try (RowLocks.Held _ = locks.exclusive()) {
            int sum = 0;
            for (int row = 0; row < IDS.size(); row++) {
                sum += rows.get(row);
                rows.set(row, rows.get(row) + 1);
            }
            return sum;
        }
    }

    /// A plain delete of what matches; one row, for a write beside it may come between two.
    @Operation
    public int deleteWhere() {
        WriteBatch all = new WriteBatch(List.of(), List.of(), Optional.of(new Filter.Exists("n")));
        try (RowLocks.Held _ = locks.shared(all)) {
            return rows.getAndSet(0, 0);
        }
    }
}
