package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

final class CrewTest {
    private static final int COUNT = 10_000;

    private static ExecutorService pool() {
        return Executors.newFixedThreadPool(
                3, Thread.ofPlatform().daemon().name("crew-", 0).factory());
    }

    @Test
    void runsEachIndexOnceAndWaitsForItsHelpers() throws IOException {
        try (ExecutorService pool = pool()) {
            AtomicIntegerArray runs = new AtomicIntegerArray(COUNT);
            ConcurrentHashMap.KeySetView<Thread, Boolean> threads = ConcurrentHashMap.newKeySet();
            CountDownLatch helped = new CountDownLatch(1);
            Thread owner = Thread.currentThread();
            new Crew(pool, 2, () -> {})
                    .each(
                            COUNT,
                            Object::new,
                            (_, index) -> {
                                runs.incrementAndGet(index);
                                threads.add(Thread.currentThread());
                                if (owner.equals(Thread.currentThread())) {
                                    await(helped);
                                } else {
                                    helped.countDown();
                                }
                            });
            assertThat(threads).hasSizeGreaterThan(1);
            for (int i = 0; i < COUNT; i++) {
                assertThat(runs.get(i)).as("runs of %d", i).isEqualTo(1);
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void neverHasMoreThreadsThanAllowed() throws IOException {
        try (ExecutorService pool = pool()) {
            AtomicInteger now = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            new Crew(pool, 2, () -> {})
                    .each(
                            COUNT,
                            Object::new,
                            (_, _) -> {
                                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                now.decrementAndGet();
                            });
            assertThat(most).hasValueLessThanOrEqualTo(2);
        }
    }

    @Test
    void asksAgainForHelpThatWasRefused() throws IOException {
        List<Runnable> asked = new ArrayList<>();
        AtomicInteger done = new AtomicInteger();
        new Crew(asked::add, 2, () -> {})
                .each(COUNT, Object::new, (_, _) -> done.incrementAndGet());
        assertThat(done).hasValue(COUNT);
        assertThat(asked).hasSizeGreaterThan(COUNT / 64);
        // Help that comes too late finds nothing to do.
        asked.forEach(Runnable::run);
        assertThat(done).hasValue(COUNT);
    }

    @Test
    void throwsWhatAHelperThrew() {
        try (ExecutorService pool = pool()) {
            CountDownLatch thrown = new CountDownLatch(1);
            Thread owner = Thread.currentThread();
            Crew crew = new Crew(pool, 2, () -> {});
            assertThatThrownBy(() ->
                            crew.each(
                                    COUNT,
                                    Object::new,
                                    (_, index) -> {
                                        if (owner.equals(Thread.currentThread())) {
                                            await(thrown);
                                        } else {
                                            thrown.countDown();
                                            throw new IOException("broken at " + index);
                                        }
                                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("broken at ");
        }
    }

    @Test
    void aStopEndsHelpersToo() {
        try (ExecutorService pool = pool()) {
            AtomicInteger checks = new AtomicInteger();
            Crew crew =
                    new Crew(
                            pool,
                            2,
                            () -> {
                                if (checks.incrementAndGet() > 20) {
                                    throw new IOException("stopped");
                                }
                            });
            AtomicInteger done = new AtomicInteger();
            assertThatThrownBy(
                            () -> crew.each(COUNT, Object::new, (_, _) -> done.incrementAndGet()))
                    .hasMessage("stopped");
            assertThat(done).hasValueLessThan(COUNT);
        }
    }
}
