package dev.quern.function;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Decides which call runs where: state and an event give decisions. Pure: no clock, no threads, no
/// processes; the same events give the same decisions. Not thread-safe.
///
/// A pool holds the instances of one version of a function and the calls that wait for them, first
/// come first served. Rules:
/// - a call takes the instance that became idle last, so that the others can be stopped;
/// - as long as more calls wait than instances start, and neither the pool nor the total is full,
///   one more instance is started; when not all can have one, the pool that has gone without a new
///   call on an instance for longest comes first;
/// - when the total is full, the instance that is idle longest is stopped for a pool that waits;
///   with none idle, an instance that ends its call makes room for a pool that has none and whose
///   oldest call has waited for [#STARVED_NANOS];
/// - an instance that is idle for longer than its pool's limit is stopped;
/// - a retired pool still serves the calls that it has, keeps nothing idle, and goes.
final class Scheduler {
    static final long STARVED_NANOS = 200_000_000L;

    private final int maxInstances;
    private final Map<PoolId, Pool> pools = new LinkedHashMap<>();
    private long lastInstance;
    private long assignments;
    private int live;

    /// @param maxInstances instances of all pools at once
    Scheduler(int maxInstances) {
        this.maxInstances = maxInstances;
    }

    private record Waiting(CallId call, long sinceNanos) {}

    private record Idle(InstanceId instance, long sinceNanos) {}

    private static final class Pool {
        final PoolId id;
        final int maxInstances;
        final long idleNanos;
        final Deque<Waiting> waiting = new ArrayDeque<>();
        final Set<InstanceId> starting = new HashSet<>();
        final Map<InstanceId, CallId> busy = new HashMap<>();

        /// The one that became idle last comes first.
        final Deque<Idle> idle = new ArrayDeque<>();

        final Set<InstanceId> stopping = new HashSet<>();
        boolean retired;
        long lastAssignment;

        Pool(SchedulerEvent.Opened opened) {
            id = opened.pool();
            maxInstances = opened.maxInstances();
            idleNanos = opened.idleNanos();
        }

        int serving() {
            return starting.size() + busy.size() + idle.size();
        }

        long oldestNanos() {
            Waiting head = waiting.peekFirst();
            return head == null ? Long.MAX_VALUE : head.sinceNanos;
        }
    }

    /// Takes an event.
    ///
    /// @return what is to be done, in this order
    List<Decision> on(SchedulerEvent event, long nowNanos) {
        List<Decision> decisions = new ArrayList<>();
        switch (event) {
            case SchedulerEvent.Opened opened ->
                    pools.computeIfAbsent(opened.pool(), id -> new Pool(opened));
            case SchedulerEvent.Submitted submitted -> submit(submitted, nowNanos, decisions);
            case SchedulerEvent.Withdrawn withdrawn ->
                    find(withdrawn.pool()).ifPresent(p -> withdraw(p, withdrawn.call(), decisions));
            case SchedulerEvent.Started started ->
                    find(started.pool())
                            .ifPresent(p -> started(p, started.instance(), nowNanos, decisions));
            case SchedulerEvent.Finished finished ->
                    find(finished.pool()).ifPresent(p -> finish(p, finished, nowNanos, decisions));
            case SchedulerEvent.Gone gone ->
                    find(gone.pool()).ifPresent(p -> gone(p, gone, decisions));
            case SchedulerEvent.Retired retired ->
                    find(retired.pool()).ifPresent(p -> retire(p, decisions));
            case SchedulerEvent.Ticked _ -> stopExpired(nowNanos, decisions);
        }
        startForWaiting(decisions);
        forgetEmpty(decisions);
        return decisions;
    }

    /// When a [SchedulerEvent.Ticked] can next have an effect.
    OptionalLong nextTickNanos() {
        return pools.values().stream()
                .filter(pool -> !pool.idle.isEmpty())
                .mapToLong(pool -> pool.idle.getLast().sinceNanos + pool.idleNanos)
                .min();
    }

    /// Calls that wait.
    int waiting() {
        return pools.values().stream().mapToInt(pool -> pool.waiting.size()).sum();
    }

    /// Instances that start, run, idle or end.
    int instances() {
        return live;
    }

    private Optional<Pool> find(PoolId id) {
        return Optional.ofNullable(pools.get(id));
    }

    private void submit(SchedulerEvent.Submitted event, long now, List<Decision> decisions) {
        Pool pool = pools.get(event.pool());
        if (pool == null) {
            throw new IllegalStateException("pool " + event.pool() + " is not open");
        }
        Idle last = pool.idle.pollFirst();
        if (last == null) {
            pool.waiting.addLast(new Waiting(event.call(), now));
        } else {
            assign(pool, event.call(), last.instance, decisions);
        }
    }

    private static void withdraw(Pool pool, CallId call, List<Decision> decisions) {
        if (pool.waiting.removeIf(w -> w.call.equals(call))) {
            decisions.add(new Decision.Dismiss(call));
        }
    }

    private void started(Pool pool, InstanceId instance, long now, List<Decision> decisions) {
        if (pool.starting.remove(instance)) {
            takeNext(pool, instance, now, decisions);
        }
    }

    private void finish(
            Pool pool, SchedulerEvent.Finished event, long now, List<Decision> decisions) {
        if (pool.busy.remove(event.instance()) == null) {
            return;
        }
        if (!event.reusable() || makesRoom(pool, now)) {
            stop(pool, event.instance(), decisions);
        } else {
            takeNext(pool, event.instance(), now, decisions);
        }
    }

    private void takeNext(Pool pool, InstanceId instance, long now, List<Decision> decisions) {
        Waiting next = pool.waiting.pollFirst();
        if (next != null) {
            assign(pool, next.call, instance, decisions);
        } else if (pool.retired || pool.idleNanos == 0) {
            stop(pool, instance, decisions);
        } else {
            pool.idle.addFirst(new Idle(instance, now));
        }
    }

    private boolean makesRoom(Pool pool, long now) {
        return live >= maxInstances
                && pools.values().stream().allMatch(p -> p.stopping.isEmpty())
                && pools.values().stream()
                        .anyMatch(p ->
                                p != pool
                                        && p.serving() == 0
                                        && !p.waiting.isEmpty()
                                        && now - p.oldestNanos() >= STARVED_NANOS);
    }

    private void gone(Pool pool, SchedulerEvent.Gone event, List<Decision> decisions) {
        InstanceId instance = event.instance();
        boolean wasStarting = pool.starting.remove(instance);
        boolean wasStopping = pool.stopping.remove(instance);
        boolean wasBusy = pool.busy.remove(instance) != null;
        boolean wasIdle = pool.idle.removeIf(i -> i.instance.equals(instance));
        boolean known = wasStarting || wasStopping || wasBusy || wasIdle;
        if (!known) {
            return;
        }
        live--;
        if (wasStarting && !pool.waiting.isEmpty()) {
            decisions.add(new Decision.Blame(pool.waiting.removeFirst().call, instance));
        }
    }

    private void retire(Pool pool, List<Decision> decisions) {
        pool.retired = true;
        while (!pool.idle.isEmpty()) {
            stop(pool, pool.idle.removeLast().instance, decisions);
        }
    }

    private void stopExpired(long now, List<Decision> decisions) {
        for (Pool pool : pools.values()) {
            while (!pool.idle.isEmpty() && now - pool.idle.getLast().sinceNanos >= pool.idleNanos) {
                stop(pool, pool.idle.removeLast().instance, decisions);
            }
        }
    }

    private void startForWaiting(List<Decision> decisions) {
        List<Pool> needy =
                pools.values().stream()
                        .filter(Scheduler::wantsInstance)
                        .sorted(
                                Comparator.comparingLong((Pool p) -> p.lastAssignment)
                                        .thenComparingLong(Pool::oldestNanos))
                        .toList();
        for (Pool pool : needy) {
            while (wantsInstance(pool) && (live < maxInstances || stopIdlest(pool, decisions))) {
                if (live >= maxInstances) {
                    return; // goes on when the stopped one is gone
                }
                InstanceId instance = new InstanceId(++lastInstance);
                pool.starting.add(instance);
                live++;
                decisions.add(new Decision.Start(pool.id, instance));
            }
        }
    }

    private static boolean wantsInstance(Pool pool) {
        return pool.waiting.size() > pool.starting.size() && pool.serving() < pool.maxInstances;
    }

    /// Stops the instance that is idle longest, unless one is being stopped already.
    ///
    /// @return whether room will come
    private boolean stopIdlest(Pool pool, List<Decision> decisions) {
        if (pools.values().stream().anyMatch(p -> !p.stopping.isEmpty())) {
            return true;
        }
        Optional<Pool> victim =
                pools.values().stream()
                        .filter(p -> p != pool && !p.idle.isEmpty())
                        .min(Comparator.comparingLong(p -> p.idle.getLast().sinceNanos));
        victim.ifPresent(p -> stop(p, p.idle.removeLast().instance, decisions));
        return victim.isPresent();
    }

    private void forgetEmpty(List<Decision> decisions) {
        for (Iterator<Pool> all = pools.values().iterator(); all.hasNext(); ) {
            Pool pool = all.next();
            if (pool.retired
                    && pool.waiting.isEmpty()
                    && pool.serving() == 0
                    && pool.stopping.isEmpty()) {
                all.remove();
                decisions.add(new Decision.Forget(pool.id));
            }
        }
    }

    private void assign(Pool pool, CallId call, InstanceId instance, List<Decision> decisions) {
        pool.lastAssignment = ++assignments;
        pool.busy.put(instance, call);
        decisions.add(new Decision.Assign(call, instance));
    }

    private static void stop(Pool pool, InstanceId instance, List<Decision> decisions) {
        pool.stopping.add(instance);
        decisions.add(new Decision.Stop(instance));
    }
}
