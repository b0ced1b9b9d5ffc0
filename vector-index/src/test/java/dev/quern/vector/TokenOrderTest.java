package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TokenOrderTest {
    private final TokenOrder<String> order = new TokenOrder<>();

    private List<String> ready() {
        List<String> ready = new ArrayList<>();
        for (Optional<String> next = order.poll(); next.isPresent(); next = order.poll()) {
            ready.add(next.get());
        }
        return ready;
    }

    @Test
    void laterTokenWaitsForAnEarlierOneInFlight() {
        TokenOrder.Ticket first = order.begin(10);
        TokenOrder.Ticket second = order.begin(10);
        order.commit(second, 12, "b");
        assertThat(ready()).isEmpty();
        order.commit(first, 11, "a");
        assertThat(ready()).containsExactly("a", "b");
    }

    @Test
    void doesNotWaitForAWriteThatBeganLater() {
        TokenOrder.Ticket first = order.begin(10);
        order.commit(first, 11, "a");
        order.begin(11);
        assertThat(ready()).containsExactly("a");
    }

    @Test
    void abandonedWriteHoldsNothingUp() throws InterruptedException {
        TokenOrder.Ticket first = order.begin(10);
        TokenOrder.Ticket second = order.begin(10);
        order.commit(second, 12, "b");
        assertThat(order.awaitIdle(1_000_000)).isFalse();
        order.abandon(first);
        assertThat(order.awaitIdle(1_000_000)).isTrue();
        assertThat(ready()).containsExactly("b");
    }

    /// Any schedule in which commits get ascending tokens gives them back in ascending order.
    @Test
    void givesBackEveryTokenInOrder() {
        Seed.run(random -> {
            for (int round = 0; round < 500; round++) {
                TokenOrder<Long> tokens = new TokenOrder<>();
                List<TokenOrder.Ticket> begun = new ArrayList<>();
                List<Object[]> committed = new ArrayList<>();
                List<Long> out = new ArrayList<>();
                long applied = 0;
                for (int step = 0; step < 60; step++) {
                    int choice = random.nextInt(3);
                    if (choice == 0) {
                        begun.add(tokens.begin(applied));
                    } else if (choice == 1 && !begun.isEmpty()) {
                        TokenOrder.Ticket ticket = begun.remove(random.nextInt(begun.size()));
                        committed.add(new Object[] {ticket, ++applied});
                    } else if (!committed.isEmpty()) {
                        Object[] done = committed.remove(random.nextInt(committed.size()));
                        tokens.commit((TokenOrder.Ticket) done[0], (Long) done[1], (Long) done[1]);
                        for (Optional<Long> next = tokens.poll();
                                next.isPresent();
                                next = tokens.poll()) {
                            out.add(next.get());
                        }
                    }
                }
                assertThat(out).isSortedAccordingTo(Comparator.naturalOrder());
            }
        });
    }
}
