package dev.quern.function;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does what the [Scheduler] decides: holds the calls that have not ended and the instances, feeds
/// events in and carries decisions out. Thread-safe.
///
/// A call that the service or its machine cost its run (the instance did not start, was gone, or
/// the service stopped) is run again, up to [#MAX_LOSSES] times; one that its own code cost it is
/// not.
final class CallEngine implements Instance.Owner, AutoCloseable {
    static final int MAX_LOSSES = 3;
    private static final Logger LOG = LoggerFactory.getLogger(CallEngine.class);
    private static final Duration END = Duration.ofSeconds(15);
    private static final long RETRY_AFTER_MILLIS = 500;

    private final InstanceLauncher launcher;
    private final CallStore store;
    private final int maxQueuedCalls;
    private final Duration drain;
    private final ScheduledThreadPoolExecutor timer;
    private final UnstoredEnds unstored;
    private final Map<CallId, LiveCall> live = new ConcurrentHashMap<>();
    private final Map<InstanceId, Instance> instances = new ConcurrentHashMap<>();
    private final Map<PoolId, Deployment> pools = new ConcurrentHashMap<>();

    /// The deployment that is called, by space and name, as far as this process has seen any.
    private final Map<FunctionKey, PoolId> current = new ConcurrentHashMap<>();

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Scheduler scheduler;

    @GuardedBy("lock")
    private int reserved;

    @GuardedBy("lock")
    private boolean tickPending;

    private volatile boolean closing;

    private record FunctionKey(SpaceId space, String name) {
        static FunctionKey of(PoolId pool) {
            return new FunctionKey(pool.space(), pool.function());
        }
    }

    CallEngine(InstanceLauncher launcher, CallStore store, FunctionConfig config) {
        this.launcher = launcher;
        this.store = store;
        this.maxQueuedCalls = config.bounds().maxQueuedCalls();
        this.drain = config.bounds().drain();
        this.scheduler = new Scheduler(config.bounds().maxInstances());
        this.timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("quern-calls-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
        this.unstored =
                new UnstoredEnds(
                        store, timer, UnstoredEnds.Bounds.DEFAULT, call -> live.remove(call.id()));
    }

    /// Holds a place in the queue for a call that [#submit] will take, or [#giveUpPlace] frees.
    ///
    /// @throws QuernException `EXHAUSTED` when the queue is full, `UNAVAILABLE` when no sandbox
    ///   works or the service is closing
    void reservePlace() {
        launcher.requireSandbox();
        lock.lock();
        try {
            if (closing) {
                throw closed();
            }
            if (scheduler.waiting() + reserved >= maxQueuedCalls) {
                throw QuernException.exhausted(
                        "call queue is full: " + maxQueuedCalls + " calls wait",
                        RETRY_AFTER_MILLIS);
            }
            reserved++;
        } finally {
            lock.unlock();
        }
    }

    void giveUpPlace() {
        lock.lock();
        try {
            reserved--;
        } finally {
            lock.unlock();
        }
    }

    /// Takes a call for which a place is held.
    void submit(LiveCall call) {
        giveUpPlace();
        enter(call);
    }

    /// Takes a call whatever the queue's bound.
    void enter(LiveCall call) {
        PoolId pool = call.deployment().pool();
        live.put(call.id(), call);
        pools.putIfAbsent(pool, call.deployment());
        call.queued(System.nanoTime());
        FunctionLimits limits = call.deployment().limits();
        List<Decision> decisions = new ArrayList<>();
        lock.lock();
        try {
            if (!closing) {
                long now = System.nanoTime();
                long idle = limits.scaledown().toNanos();
                decisions.addAll(
                        scheduler.on(
                                new SchedulerEvent.Opened(pool, limits.maxInstances(), idle), now));
                decisions.addAll(scheduler.on(new SchedulerEvent.Submitted(pool, call.id()), now));
                PoolId newest = current.get(FunctionKey.of(pool));
                if (newest != null && !newest.equals(pool)) {
                    decisions.addAll(scheduler.on(new SchedulerEvent.Retired(pool), now));
                }
            }
        } finally {
            lock.unlock();
        }
        if (closing) {
            settleAtClose(call);
        }
        decisions.forEach(this::carryOut);
    }

    /// From now on calls of this function go to this deployment; instances of earlier ones drain.
    void deployed(Deployment deployment) {
        PoolId before = current.put(FunctionKey.of(deployment.pool()), deployment.pool());
        pools.putIfAbsent(deployment.pool(), deployment);
        for (PoolId pool : List.copyOf(pools.keySet())) {
            if (FunctionKey.of(pool).equals(FunctionKey.of(deployment.pool()))
                    && !pool.equals(deployment.pool())) {
                handle(new SchedulerEvent.Retired(pool));
            }
        }
        LOG.debug("{} replaces {}", deployment.pool(), before);
    }

    /// Ends the calls of a deleted function and its instances.
    void deleted(Deployment last) {
        FunctionKey key = FunctionKey.of(last.pool());
        current.remove(key);
        for (LiveCall call : live.values()) {
            if (FunctionKey.of(call.deployment().pool()).equals(key)) {
                cancel(call);
            }
        }
        for (PoolId pool : List.copyOf(pools.keySet())) {
            if (FunctionKey.of(pool).equals(key)) {
                handle(new SchedulerEvent.Retired(pool));
            }
        }
    }

    /// A call that has not ended.
    Optional<LiveCall> find(CallId id) {
        return Optional.ofNullable(live.get(id));
    }

    /// All calls of a space that have not ended.
    List<LiveCall> list(SpaceId space) {
        return live.values().stream().filter(call -> call.space().equals(space)).toList();
    }

    /// Withdraws a call, or kills the instance that runs it.
    void cancel(LiveCall call) {
        call.cancel();
        handle(new SchedulerEvent.Withdrawn(call.deployment().pool(), call.id()));
        call.instance().ifPresent(i -> i.killDuring(call, FailureReason.CANCELLED));
    }

    /// Instances that start, run, idle or end.
    int instanceCount() {
        return instances.size();
    }

    /// @throws QuernException `UNAVAILABLE` if the call has ended and its end could not be stored
    void requireStored(SpaceId space, CallId id) {
        unstored.requireStored(space, id);
    }

    /// Makes a call's end durable and tells who waits.
    ///
    /// @throws QuernException `UNAVAILABLE` if it could not be stored; it is tried again, see
    ///   [UnstoredEnds]
    CallInfo finish(LiveCall call, Outcome outcome) {
        CallInfo info = call.info(outcome);
        try {
            store.finish(call.space(), info, call.spawned());
        } catch (RuntimeException e) {
            throw unstored.keep(call, info, e);
        }
        live.remove(call.id()); // first, so that who is told and reads again sees the end
        call.done().complete(info);
        return info;
    }

    /// Makes a call's end durable as soon as it comes, on a thread of its own.
    void finishInBackground(LiveCall call) {
        CompletableFuture<Outcome> _ =
                call.outcome()
                        .whenComplete((outcome, problem) -> {
                            if (outcome == null) {
                                call.done().completeExceptionally(problem);
                            } else {
                                Thread.ofVirtual()
                                        .name("quern-finish-" + call.id())
                                        .start(() -> finishUnasked(call, outcome));
                            }
                        });
    }

    private void finishUnasked(LiveCall call, Outcome outcome) {
        try {
            finish(call, outcome);
        } catch (QuernException e) {
            LOG.debug("nobody waits for the end of call {}", call.id(), e);
        }
    }

    private void handle(SchedulerEvent event) {
        List<Decision> decisions;
        lock.lock();
        try {
            if (closing) {
                return;
            }
            decisions = scheduler.on(event, System.nanoTime());
            armTick();
        } finally {
            lock.unlock();
        }
        decisions.forEach(this::carryOut);
    }

    @GuardedBy("lock")
    private void armTick() {
        OptionalLong next = tickPending ? OptionalLong.empty() : scheduler.nextTickNanos();
        if (next.isPresent()) {
            tickPending = true;
            long wait = Math.max(1_000_000, next.getAsLong() - System.nanoTime());
            ScheduledFuture<?> _ = timer.schedule(this::tick, wait, TimeUnit.NANOSECONDS);
        }
    }

    private void tick() {
        lock.lock();
        try {
            tickPending = false;
        } finally {
            lock.unlock();
        }
        handle(new SchedulerEvent.Ticked());
    }

    private void carryOut(Decision decision) {
        switch (decision) {
            case Decision.Start(PoolId pool, InstanceId id) -> start(pool, id);
            case Decision.Assign(CallId call, InstanceId id) -> assign(call, id);
            case Decision.Stop(InstanceId id) -> instance(id).stop();
            case Decision.Blame(CallId call, InstanceId id) -> blame(call, instance(id));
            case Decision.Dismiss(CallId call) ->
                    find(call)
                            .ifPresent(c ->
                                    c.outcome()
                                            .complete(
                                                    Outcome.failed(CallStore.cancelledFailure())));
            case Decision.Forget(PoolId pool) -> pools.remove(pool);
        }
    }

    private Instance instance(InstanceId id) {
        Instance instance = instances.get(id);
        if (instance == null) {
            throw new IllegalStateException("instance " + id + " is not known");
        }
        return instance;
    }

    private void start(PoolId pool, InstanceId id) {
        Deployment deployment = pools.get(pool);
        if (deployment == null) {
            throw new IllegalStateException("pool " + pool + " is not known");
        }
        Instance instance = new Instance(id, deployment, launcher, timer, this);
        instances.put(id, instance);
        if (closing) {
            instance.kill(FailureReason.REFUSED);
        }
        instance.start();
    }

    private void assign(CallId id, InstanceId on) {
        LiveCall call = live.get(id);
        Instance instance = instance(on);
        if (call == null) {
            throw new IllegalStateException("call " + id + " is not known");
        }
        call.running(instance);
        if (call.spawned()) {
            Thread.ofVirtual().name("quern-call-" + id).start(() -> noteAndAssign(call, instance));
        } else {
            instance.assign(call);
        }
    }

    /// A spawned call's attempt is durable before it runs, so that it is counted whatever happens.
    private void noteAndAssign(LiveCall call, Instance instance) {
        try {
            store.note(call, true);
        } catch (RuntimeException e) {
            LOG.warn("run of call {} not noted", call.id(), e);
            handle(new SchedulerEvent.Finished(call.deployment().pool(), instance.id(), true));
            retry(call, CallFailure.of(FailureReason.REFUSED, "run not noted: " + e.getMessage()));
            return;
        }
        instance.assign(call);
    }

    private void blame(CallId id, Instance instance) {
        LiveCall call = live.get(id);
        if (call == null) {
            return;
        }
        StartFailure failure =
                instance.failure()
                        .orElseGet(() ->
                                new StartFailure(
                                        CallFailure.of(
                                                FailureReason.REFUSED,
                                                "its instance was stopped while it started"),
                                        true,
                                        "",
                                        0));
        if (failure.retry()) {
            call.running(instance);
            retry(call, failure.failure());
        } else {
            call.outcome().complete(Outcome.failed(failure.failure()));
        }
    }

    private void retry(LiveCall call, CallFailure failure) {
        call.history(call.attempt(), call.losses() + 1);
        if (call.cancelled()) {
            call.outcome().complete(Outcome.failed(CallStore.cancelledFailure()));
        } else if (call.losses() >= MAX_LOSSES) {
            CallFailure last =
                    CallFailure.of(
                            failure.reason(),
                            failure.message() + " (given up after " + MAX_LOSSES + " attempts)");
            call.outcome().complete(Outcome.failed(last));
        } else {
            enter(call);
        }
    }

    @Override
    public void started(Instance instance) {
        handle(new SchedulerEvent.Started(instance.deployment().pool(), instance.id()));
    }

    @Override
    public void ended(Instance instance, LiveCall call, Outcome outcome, boolean reusable) {
        PoolId pool = instance.deployment().pool();
        handle(new SchedulerEvent.Finished(pool, instance.id(), reusable));
        boolean ours =
                outcome.failure().map(f -> f.reason() == FailureReason.REFUSED).orElse(false);
        if (closing && (outcome.lost() || ours)) {
            settleAtClose(call);
        } else if (outcome.lost()) {
            retry(call, outcome.failure().orElseThrow());
        } else {
            call.outcome().complete(outcome);
        }
    }

    @Override
    public void gone(Instance instance) {
        handle(new SchedulerEvent.Gone(instance.deployment().pool(), instance.id()));
        instances.remove(instance.id());
    }

    private static QuernException closed() {
        return new QuernException(ErrorKind.UNAVAILABLE, "function service is closing");
    }

    /// A spawned call stays in the queue for the next start; who waits for another one is told.
    private void settleAtClose(LiveCall call) {
        if (call.spawned()) {
            try {
                store.note(call, false);
            } catch (RuntimeException e) {
                LOG.warn("call {} stays in the queue as running", call.id(), e);
            }
        }
        call.outcome().completeExceptionally(closed());
    }

    /// Lets running calls end for the configured time, then kills every instance. Spawned calls
    /// that have not ended stay in the queue.
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
        } finally {
            lock.unlock();
        }
        List<LiveCall> waiting = new ArrayList<>();
        List<CompletableFuture<Outcome>> running = new ArrayList<>();
        for (LiveCall call : live.values()) {
            if (call.instance().isPresent()) {
                running.add(call.outcome());
            } else {
                waiting.add(call);
            }
        }
        waiting.forEach(call -> call.outcome().completeExceptionally(closed()));
        awaitAll(running);
        instances.values().forEach(i -> i.kill(FailureReason.REFUSED));
        long deadline = System.nanoTime() + END.toNanos();
        while (!instances.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        if (!instances.isEmpty()) {
            LOG.warn("instances {} have not ended", instances.keySet());
        }
        timer.shutdownNow();
        unstored.close();
    }

    private void awaitAll(List<CompletableFuture<Outcome>> running) {
        try {
            CompletableFuture.allOf(running.toArray(CompletableFuture[]::new))
                    .get(drain.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.info("killing the calls that still run: {}", e.getClass().getSimpleName());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
