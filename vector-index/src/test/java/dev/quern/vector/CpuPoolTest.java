package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
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

    @Test
    void whatMustNotBeLostIsWaitedForDespiteAnInterrupt() {
        try (CpuPool pool = new CpuPool("test", 1, 10)) {
            Thread.currentThread().interrupt();
            assertThat(pool.callToEnd(() -> 5)).isEqualTo(5);
            assertThat(Thread.interrupted()).isTrue();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() ->
                            pool.callToEnd(() -> {
                                throw new IOException("no disk");
                            }))
                    .isInstanceOf(QuernException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aPlatformThreadRunsShortWorkItselfWhileThreadsAreFree() throws InterruptedException {
        try (CpuPool pool = new CpuPool("test", 1, 10)) {
            Thread caller = Thread.currentThread();
            assertThat(pool.callHere(Thread::currentThread)).isSameAs(caller);
            boolean[] within = new boolean[2];
            Thread next =
                    pool.callHere(() -> {
                        within[0] = pool.isIdle();
                        within[1] = pool.isFull();
                        return pool.callHere(Thread::currentThread);
                    });
            assertThat(within).containsExactly(false, true);
            assertThat(next).isNotSameAs(caller);
            // A thread of the pool counts as busy until it has gone back, after its caller has all.
            for (int i = 0; i < 10_000 && !(pool.isIdle() && !pool.isFull()); i++) {
                LockSupport.parkNanos(1_000_000);
            }
            assertThat(pool.isIdle() && !pool.isFull()).isTrue();
            AtomicReference<Thread> other = new AtomicReference<>();
            Thread.ofVirtual().start(() -> other.set(pool.callHere(Thread::currentThread))).join();
            assertThat(other.get()).isNotNull();
            assertThat(other.get().isVirtual()).isFalse();
            assertThatThrownBy(() ->
                            pool.callHere(() -> {
                                throw new IOException("no disk");
                            }))
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("no disk");
            assertThat(pool.callHere(() -> 7)).isEqualTo(7);
        }
    }

    @Test
    void anyThreadRunsQuickWorkItselfUnlessOthersWait() throws InterruptedException {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CpuPool pool = new CpuPool("test", 1, 1);
        try (pool) {
            pool.execute(() -> await(busy, release));
            busy.await();
            AtomicReference<Thread> ran = new AtomicReference<>();
            Thread caller =
                    Thread.ofVirtual().start(() -> ran.set(pool.callAtOnce(Thread::currentThread)));
            caller.join();
            assertThat(ran.get()).isSameAs(caller);
            pool.execute(() -> {});
            assertThatThrownBy(() -> pool.callAtOnce(() -> 1)).hasMessageContaining("bound");
            release.countDown();
        }
        assertThatThrownBy(() -> pool.callAtOnce(() -> 1)).hasMessageContaining("closed");
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
