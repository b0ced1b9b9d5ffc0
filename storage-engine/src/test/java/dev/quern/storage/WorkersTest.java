package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class WorkersTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 100).boxed().toList();

    @Test
    void worksOnAll() {
        Set<Integer> done = ConcurrentHashMap.newKeySet();
        Workers.run(ITEMS, done::add);
        assertThat(done).containsAll(ITEMS);
    }

    @Test
    void throwsTheFailureOfOne() {
        IllegalStateException failure = new IllegalStateException("full");
        assertThatThrownBy(() -> Workers.run(ITEMS, item -> failAt(item, failure)))
                .isSameAs(failure);
    }

    private static void failAt(int item, RuntimeException failure) {
        if (item == 50) {
            throw failure;
        }
    }

    /// An error, as a page of a mapped file that cannot be read gives, leaves work undone.
    @Test
    void throwsTheErrorOfOne() {
        assertThatThrownBy(() -> Workers.run(ITEMS, WorkersTest::breakAt50))
                .isInstanceOf(InternalError.class);
    }

    private static void breakAt50(int item) {
        if (item == 50) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
    }
}
