package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.TxnQueue.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

final class GroupFillerTest {
    private static final Txn TXN = Txn.in(Chunks.SPACE).build();
    private static final byte[] BYTES = new byte[100];
    private static final int ENTRY_BYTES = FactLogFormat.sizeBytes(BYTES.length);
    private static final int MANY = GroupFiller.MIN_CALLERS;
    private static final long STEP_NANOS = GroupFiller.QUIET_NANOS / 10;

    private final TxnQueue queue = new TxnQueue(1 << 20, 1 << 20);
    private final List<Waiting> applied = new ArrayList<>();

    @Test
    void waitsUntilAllOfTheLastGroupAreBack() {
        GroupFiller filler = new GroupFiller(queue, arrivingEvery(1));
        filler.answering(enqueue(MANY));
        List<Waiting> group = enqueue(1);

        filler.fill(group, 1 << 20, applied::add);

        assertThat(group).hasSize(MANY);
        assertThat(applied).isEqualTo(group.subList(1, MANY));
    }

    @Test
    void countsThoseWhoWaitedWhenTheLastGroupWasAnswered() {
        GroupFiller filler = new GroupFiller(queue, arrivingEvery(1));
        List<Waiting> last = enqueue(MANY);
        queue.enqueue(BYTES, TXN);
        queue.enqueue(BYTES, TXN);
        filler.answering(last);
        List<Waiting> group = queue.take();

        filler.fill(group, 1 << 20, applied::add);

        assertThat(group).hasSize(MANY + 2);
    }

    @Test
    void goesOnWhenNobodyComes() {
        long[] now = {0};
        GroupFiller filler = new GroupFiller(queue, () -> now[0] += STEP_NANOS);
        filler.answering(enqueue(MANY));
        List<Waiting> group = enqueue(1);

        filler.fill(group, 1 << 20, applied::add);

        assertThat(group).hasSize(1);
        assertThat(now[0]).isBetween(GroupFiller.QUIET_NANOS, 2 * GroupFiller.QUIET_NANOS);
    }

    @Test
    void waitsNoLongerThanItsBoundForThoseWhoComeSlowly() {
        GroupFiller filler = new GroupFiller(queue, arrivingEvery(9));
        filler.answering(enqueue(10 * MANY));
        List<Waiting> group = enqueue(1);

        filler.fill(group, 1 << 20, applied::add);

        assertThat(group.size()).isBetween(2, 5);
    }

    @Test
    void takesNoMoreThanTheLogHasRoomFor() {
        GroupFiller filler = new GroupFiller(queue, arrivingEvery(1));
        filler.answering(enqueue(MANY));
        List<Waiting> group = enqueue(1);

        filler.fill(group, 3L * ENTRY_BYTES, applied::add);

        assertThat(group).hasSize(3);
    }

    @Test
    void neverWaitsForFew() {
        GroupFiller filler =
                new GroupFiller(
                        queue,
                        () -> {
                            throw new AssertionError("looked at the clock");
                        });
        filler.answering(enqueue(MANY - 1));
        List<Waiting> group = enqueue(1);

        filler.fill(group, 1 << 20, applied::add);

        assertThat(group).hasSize(1);
    }

    /// A clock on which a transaction comes with every so many steps.
    private LongSupplier arrivingEvery(int steps) {
        int[] reads = {0};
        return () -> {
            reads[0]++;
            if (reads[0] % steps == 0) {
                queue.enqueue(BYTES, TXN);
            }
            return reads[0] * STEP_NANOS;
        };
    }

    /// Takes so many that were queued.
    private List<Waiting> enqueue(int count) {
        for (int i = 0; i < count; i++) {
            queue.enqueue(BYTES, TXN);
        }
        return queue.take();
    }
}
