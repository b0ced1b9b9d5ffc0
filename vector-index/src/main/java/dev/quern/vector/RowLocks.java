package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import java.util.BitSet;
import java.util.Collection;
import java.util.concurrent.locks.StampedLock;

/// Keeps writes apart of which one depends on the rows that the other changes. A write that stores
/// what it is told whatever is there takes the locks of its rows shared, so that such writes go on
/// side by side; one that looks at rows first takes theirs exclusively. Both hold them until the
/// write is applied. Ids share a fixed number of locks, which everyone takes in one order, so that
/// nobody waits in a circle. Thread-safe.
final class RowLocks {
    private static final int STRIPES = 256;

    private final StampedLock[] stripes;

    RowLocks() {
        this(STRIPES);
    }

    /// @param count of locks, a power of two from 2
    RowLocks(int count) {
        stripes = new StampedLock[count];
        for (int i = 0; i < count; i++) {
            stripes[i] = new StampedLock();
        }
    }

    /// Locks that are held; closed by the thread that took them or another.
    final class Held implements AutoCloseable {
        private final int[] taken;
        private final long[] stamps;

        private Held(int[] wanted, boolean exclusive) {
            this.taken = wanted;
            this.stamps = new long[wanted.length];
            for (int i = 0; i < wanted.length; i++) {
                StampedLock stripe = stripes[wanted[i]];
                stamps[i] = exclusive ? stripe.writeLock() : stripe.readLock();
            }
        }

        @Override
        public void close() {
            for (int i = taken.length - 1; i >= 0; i--) {
                stripes[taken[i]].unlock(stamps[i]);
            }
        }
    }

    /// The locks of the rows that a plain write changes, shared with other plain writes.
    @MustBeClosed
    Held shared(WriteBatch batch) {
        BitSet wanted = new BitSet(stripes.length);
        if (batch.deleteWhere().isPresent()) {
            wanted.set(0, stripes.length);
        } else {
            batch.upserts().forEach(row -> wanted.set(stripe(row.id())));
            batch.deleteIds().forEach(id -> wanted.set(stripe(id)));
        }
        return new Held(wanted.stream().toArray(), false);
    }

    /// The locks of rows, for one write alone.
    @MustBeClosed
    Held exclusive(Collection<String> ids) {
        BitSet wanted = new BitSet(stripes.length);
        ids.forEach(id -> wanted.set(stripe(id)));
        return new Held(wanted.stream().toArray(), true);
    }

    /// The locks of all rows, for one write alone.
    @MustBeClosed
    Held exclusive() {
        BitSet wanted = new BitSet(stripes.length);
        wanted.set(0, stripes.length);
        return new Held(wanted.stream().toArray(), true);
    }

    private int stripe(String id) {
        int hash = id.hashCode() * 0x9E3779B9;
        return hash >>> (Integer.SIZE - Integer.numberOfTrailingZeros(stripes.length));
    }
}
