package dev.quern.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.SpaceId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Decisions, without processes.
final class SchedulerTest {
    private static final PoolId A = new PoolId(SpaceId.DEFAULT, "a", "1");
    private static final PoolId B = new PoolId(SpaceId.DEFAULT, "b", "1");
    private static final long SECOND = 1_000_000_000L;

    private Scheduler scheduler = new Scheduler(4);
    private long now;

    private static CallId call(int number) {
        return new CallId(String.format(Locale.ROOT, "%032x", number));
    }

    private static InstanceId instance(int number) {
        return new InstanceId(number);
    }

    private List<Decision> on(SchedulerEvent event) {
        return scheduler.on(event, now);
    }

    private void open(PoolId pool, int max) {
        on(new SchedulerEvent.Opened(pool, max, 60 * SECOND));
    }

    @Test
    void startsOneInstancePerWaitingCallUpToTheBounds() {
        open(A, 3);
        for (int i = 1; i <= 3; i++) {
            assertThat(on(new SchedulerEvent.Submitted(A, call(i))))
                    .containsExactly(new Decision.Start(A, instance(i)));
        }
        assertThat(on(new SchedulerEvent.Submitted(A, call(4)))).isEmpty();
        assertThat(on(new SchedulerEvent.Started(A, instance(2))))
                .containsExactly(new Decision.Assign(call(1), instance(2)));
        assertThat(on(new SchedulerEvent.Finished(A, instance(2), true)))
                .containsExactly(new Decision.Assign(call(2), instance(2)));
    }

    @Test
    void reusesTheInstanceThatBecameIdleLast() {
        open(A, 2);
        on(new SchedulerEvent.Submitted(A, call(1)));
        on(new SchedulerEvent.Submitted(A, call(2)));
        on(new SchedulerEvent.Started(A, instance(1)));
        on(new SchedulerEvent.Started(A, instance(2)));
        on(new SchedulerEvent.Finished(A, instance(2), true));
        on(new SchedulerEvent.Finished(A, instance(1), true));
        assertThat(on(new SchedulerEvent.Submitted(A, call(3))))
                .containsExactly(new Decision.Assign(call(3), instance(1)));
    }

    @Test
    void stopsWhatIsIdleForTooLong() {
        open(A, 2);
        on(new SchedulerEvent.Submitted(A, call(1)));
        on(new SchedulerEvent.Started(A, instance(1)));
        on(new SchedulerEvent.Finished(A, instance(1), true));
        assertThat(scheduler.nextTickNanos()).hasValue(60 * SECOND);
        now = 59 * SECOND;
        assertThat(on(new SchedulerEvent.Ticked())).isEmpty();
        now = 60 * SECOND;
        assertThat(on(new SchedulerEvent.Ticked())).containsExactly(new Decision.Stop(instance(1)));
        assertThat(scheduler.nextTickNanos()).isEmpty();
        on(new SchedulerEvent.Gone(A, instance(1)));
        assertThat(scheduler.instances()).isZero();
    }

    @Test
    void makesRoomByStoppingTheIdlest() {
        scheduler = new Scheduler(1);
        open(A, 2);
        open(B, 2);
        on(new SchedulerEvent.Submitted(A, call(1)));
        on(new SchedulerEvent.Started(A, instance(1)));
        on(new SchedulerEvent.Finished(A, instance(1), true));
        assertThat(on(new SchedulerEvent.Submitted(B, call(2))))
                .containsExactly(new Decision.Stop(instance(1)));
        assertThat(on(new SchedulerEvent.Gone(A, instance(1))))
                .containsExactly(new Decision.Start(B, instance(2)));
    }

    @Test
    void aBusyPoolDoesNotStarveAnother() {
        scheduler = new Scheduler(1);
        open(A, 1);
        open(B, 1);
        for (int i = 1; i <= 3; i++) {
            on(new SchedulerEvent.Submitted(A, call(i)));
        }
        on(new SchedulerEvent.Started(A, instance(1)));
        on(new SchedulerEvent.Submitted(B, call(9)));
        now = Scheduler.STARVED_NANOS - 1;
        assertThat(on(new SchedulerEvent.Finished(A, instance(1), true)))
                .containsExactly(new Decision.Assign(call(2), instance(1)));
        now = Scheduler.STARVED_NANOS;
        assertThat(on(new SchedulerEvent.Finished(A, instance(1), true)))
                .containsExactly(new Decision.Stop(instance(1)));
        assertThat(on(new SchedulerEvent.Gone(A, instance(1))))
                .containsExactly(new Decision.Start(B, instance(2)));
    }

    @Test
    void aRetiredPoolServesWhatItHasAndGoes() {
        open(A, 1);
        on(new SchedulerEvent.Submitted(A, call(1)));
        on(new SchedulerEvent.Started(A, instance(1)));
        on(new SchedulerEvent.Submitted(A, call(2)));
        assertThat(on(new SchedulerEvent.Retired(A))).isEmpty();
        assertThat(on(new SchedulerEvent.Finished(A, instance(1), true)))
                .containsExactly(new Decision.Assign(call(2), instance(1)));
        assertThat(on(new SchedulerEvent.Finished(A, instance(1), true)))
                .containsExactly(new Decision.Stop(instance(1)));
        assertThat(on(new SchedulerEvent.Gone(A, instance(1))))
                .containsExactly(new Decision.Forget(A));
    }

    @Test
    void aFailedStartIsBlamedOnTheOldestCall() {
        open(A, 1);
        on(new SchedulerEvent.Submitted(A, call(1)));
        on(new SchedulerEvent.Submitted(A, call(2)));
        assertThat(on(new SchedulerEvent.Gone(A, instance(1))))
                .containsExactly(
                        new Decision.Blame(call(1), instance(1)),
                        new Decision.Start(A, instance(2)));
    }

    @Test
    void onlyAWaitingCallIsDismissed() {
        open(A, 1);
        on(new SchedulerEvent.Submitted(A, call(1)));
        on(new SchedulerEvent.Submitted(A, call(2)));
        on(new SchedulerEvent.Started(A, instance(1)));
        assertThat(on(new SchedulerEvent.Withdrawn(A, call(1)))).isEmpty();
        assertThat(on(new SchedulerEvent.Withdrawn(A, call(2))))
                .containsExactly(new Decision.Dismiss(call(2)));
        assertThat(scheduler.waiting()).isZero();
    }

    /// A random machine: whatever happens, bounds hold and every call is served once.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void keepsItsBoundsUnderRandomEvents(long seed) {
        Random random = new Random(seed);
        scheduler = new Scheduler(3);
        List<PoolId> pools = List.of(A, B, new PoolId(SpaceId.DEFAULT, "c", "1"));
        pools.forEach(pool -> on(new SchedulerEvent.Opened(pool, 2, SECOND)));
        Machine machine = new Machine();
        int submitted = 0;
        for (int step = 0; step < 3_000 || machine.served.size() < submitted; step++) {
            now += random.nextLong(SECOND / 20);
            assertThat(step).as("seed " + seed).isLessThan(100_000);
            int kind = random.nextInt(4);
            if (kind == 0 && step < 3_000) {
                submitted++;
                PoolId pool = pools.get(random.nextInt(3));
                machine.apply(on(new SchedulerEvent.Submitted(pool, call(submitted))));
            } else if (kind == 1) {
                machine.apply(on(new SchedulerEvent.Ticked()));
            } else {
                machine.step(random);
            }
            assertThat(machine.pools.size()).as("seed " + seed).isLessThanOrEqualTo(3);
            assertThat(scheduler.instances()).isEqualTo(machine.pools.size());
        }
        assertThat(machine.served).hasSize(submitted);
    }

    /// Carries decisions out at random moments.
    private final class Machine {
        final Map<InstanceId, PoolId> pools = new HashMap<>();
        final Set<InstanceId> starting = new HashSet<>();
        final Map<InstanceId, CallId> busy = new HashMap<>();
        final Set<InstanceId> stopping = new HashSet<>();
        final Set<CallId> served = new HashSet<>();

        void apply(List<Decision> decisions) {
            for (Decision decision : decisions) {
                switch (decision) {
                    case Decision.Start(PoolId pool, InstanceId id) -> {
                        pools.put(id, pool);
                        starting.add(id);
                        assertThat(pools.values().stream().filter(pool::equals).count())
                                .isLessThanOrEqualTo(3);
                    }
                    case Decision.Assign(CallId call, InstanceId id) -> {
                        assertThat(busy.put(id, call)).isNull();
                        assertThat(stopping).doesNotContain(id);
                        assertThat(served.add(call)).isTrue();
                    }
                    case Decision.Stop(InstanceId id) -> {
                        assertThat(busy).doesNotContainKey(id);
                        assertThat(stopping.add(id)).isTrue();
                    }
                    case Decision.Blame(CallId call, InstanceId _) -> served.add(call);
                    case Decision.Dismiss(CallId call) -> served.add(call);
                    case Decision.Forget(PoolId pool) -> throw new AssertionError(pool);
                }
            }
        }

        void step(Random random) {
            List<InstanceId> all = new ArrayList<>(pools.keySet());
            if (all.isEmpty()) {
                return;
            }
            InstanceId id = all.get(random.nextInt(all.size()));
            PoolId pool = Objects.requireNonNull(pools.get(id));
            if (starting.contains(id) && random.nextInt(5) > 0) {
                starting.remove(id);
                apply(on(new SchedulerEvent.Started(pool, id)));
            } else if (busy.containsKey(id) && random.nextInt(10) > 0) {
                busy.remove(id);
                apply(on(new SchedulerEvent.Finished(pool, id, random.nextInt(5) > 0)));
            } else if (stopping.contains(id) || starting.contains(id)) {
                pools.remove(id);
                starting.remove(id);
                stopping.remove(id);
                apply(on(new SchedulerEvent.Gone(pool, id)));
            }
        }
    }
}
