package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class CpuPoolTest {
    @Test
    void offeredWorkRunsAtOnceOrNever() throws InterruptedException {
        AtomicInteger ran = new AtomicInteger();
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch helped = new CountDownLatch(1);
        CpuPool pool = new CpuPool("test", 2, 10);
        try (pool) {
            pool.execute(() -> await(busy, release));
            busy.await();
            pool.offer(() -> {
                ran.incrementAndGet();
                await(helped, release);
            });
            helped.await();
            pool.offer(ran::incrementAndGet);
            release.countDown();
            pool.call(() -> 0);
        }
        pool.offer(ran::incrementAndGet);
        assertThat(ran).hasValue(1);
    }

    private static void await(CountDownLatch begun, CountDownLatch end) {
        begun.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
