package dev.quern.function;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A process of a function in its sandbox, and the thread that owns it: starts it, runs one call
/// after the other, and does not end before nothing of it is left. Thread-safe.
final class Instance {
    private static final Logger LOG = LoggerFactory.getLogger(Instance.class);
    private static final Duration LEAST_LOAD_TIME = Duration.ofSeconds(60);

    /// Told what happens, by the instance's own thread.
    interface Owner {
        /// The code is loaded; the first call may come.
        void started(Instance instance);

        /// A call has ended.
        ///
        /// @param reusable whether the instance can take another
        void ended(Instance instance, LiveCall call, Outcome outcome, boolean reusable);

        /// Nothing of it is left; [Instance#failure] tells why if it did not start.
        void gone(Instance instance);
    }

    private sealed interface Work {
        record Run(LiveCall call) implements Work {}

        record Stop() implements Work {}
    }

    private final InstanceId id;
    private final Deployment deployment;
    private final InstanceLauncher launcher;
    private final ScheduledExecutorService timer;
    private final Owner owner;
    private final LinkedBlockingQueue<Work> work = new LinkedBlockingQueue<>();
    private final long createdNanos = System.nanoTime();
    private volatile long readyNanos;
    private volatile Optional<StartFailure> failure = Optional.empty();

    @GuardedBy("this")
    private @Nullable RunnerProcess process;

    @GuardedBy("this")
    private @Nullable LiveCall active;

    @GuardedBy("this")
    private @Nullable FailureReason killedFor;

    @GuardedBy("this")
    private boolean ended;

    Instance(
            InstanceId id,
            Deployment deployment,
            InstanceLauncher launcher,
            ScheduledExecutorService timer,
            Owner owner) {
        this.id = id;
        this.deployment = deployment;
        this.launcher = launcher;
        this.timer = timer;
        this.owner = owner;
    }

    InstanceId id() {
        return id;
    }

    Deployment deployment() {
        return deployment;
    }

    /// When its start began, by `System.nanoTime`.
    long createdNanos() {
        return createdNanos;
    }

    /// When its code was loaded.
    long readyNanos() {
        return readyNanos;
    }

    /// Why it did not start.
    Optional<StartFailure> failure() {
        return failure;
    }

    /// Begins.
    void start() {
        Thread.ofPlatform().daemon().name("quern-instance-" + id).start(this::run);
    }

    /// Gives it a call; it must be free. If it has ended meanwhile, the owner is told at once.
    void assign(LiveCall call) {
        synchronized (this) {
            if (!ended) {
                work.add(new Work.Run(call));
                return;
            }
        }
        lose(call);
    }

    /// Ends it once it is free.
    void stop() {
        work.add(new Work.Stop());
    }

    /// Ends it now, whatever it does.
    void kill(FailureReason reason) {
        synchronized (this) {
            killLocked(reason);
        }
        stop();
    }

    /// Ends it if it runs this call.
    void killDuring(LiveCall call, FailureReason reason) {
        synchronized (this) {
            if (active == call) {
                killLocked(reason);
            }
        }
    }

    @GuardedBy("this")
    private void killLocked(FailureReason reason) {
        if (killedFor == null) {
            killedFor = reason;
        }
        if (process != null) {
            process.kill();
        }
    }

    private synchronized Optional<FailureReason> killedFor() {
        return Optional.ofNullable(killedFor);
    }

    // An instance must never vanish without a word: every failure reaches its owner.
    @SuppressWarnings("CatchingUnchecked")
    private void run() {
        try (RunnerProcess opened = launcher.launch(deployment)) {
            synchronized (this) {
                process = opened;
                if (killedFor != null) {
                    opened.kill();
                }
            }
            opened.onExit(this::stop);
            if (load(opened)) {
                readyNanos = System.nanoTime();
                owner.started(this);
                serve(opened);
            }
        } catch (Exception | Error e) {
            failure = Optional.of(StartFailures.of(e));
            LOG.debug("instance {} of {} failed", id, deployment.info().name(), e);
        }
        loseLeftOver();
        owner.gone(this);
    }

    private boolean load(RunnerProcess runner) {
        Duration limit = deployment.limits().timeout();
        Duration patience = limit.compareTo(LEAST_LOAD_TIME) > 0 ? limit : LEAST_LOAD_TIME;
        ScheduledFuture<?> watchdog =
                timer.schedule(
                        () -> kill(FailureReason.TIMEOUT),
                        patience.toMillis(),
                        TimeUnit.MILLISECONDS);
        try {
            failure = runner.load(patience, this::killedFor);
            return failure.isEmpty();
        } finally {
            watchdog.cancel(false);
        }
    }

    private void serve(RunnerProcess runner) {
        try {
            while (work.take() instanceof Work.Run(LiveCall call)) {
                if (!runOne(runner, call)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean runOne(RunnerProcess runner, LiveCall call) {
        synchronized (this) {
            active = call;
        }
        ScheduledFuture<?> watchdog =
                timer.schedule(
                        () -> killDuring(call, FailureReason.TIMEOUT),
                        deployment.limits().timeout().toNanos(),
                        TimeUnit.NANOSECONDS);
        Outcome outcome;
        try {
            outcome = exchange(runner, call);
        } finally {
            watchdog.cancel(false);
            synchronized (this) {
                active = null;
            }
        }
        boolean reusable = killedFor().isEmpty() && runner.reusable();
        owner.ended(this, call, outcome, reusable);
        return reusable;
    }

    // Whatever goes wrong here, the call must end.
    @SuppressWarnings("CatchingUnchecked")
    private Outcome exchange(RunnerProcess runner, LiveCall call) {
        if (call.cancelled() && killedFor().isEmpty()) {
            return Outcome.failed(CallStore.cancelledFailure());
        }
        try {
            return runner.exchange(call, call.input(), this, this::killedFor);
        } catch (Exception | Error e) {
            LOG.warn("call {} could not be given to instance {}", call.id(), id, e);
            return Outcome.failed(
                    CallFailure.of(
                            FailureReason.REFUSED, "the call could not be run: " + e.getMessage()));
        }
    }

    /// A call that came too late must be told.
    private void loseLeftOver() {
        synchronized (this) {
            ended = true;
        }
        for (Work next = work.poll(); next != null; next = work.poll()) {
            if (next instanceof Work.Run(LiveCall call)) {
                lose(call);
            }
        }
    }

    private void lose(LiveCall call) {
        CallFailure gone = CallFailure.of(FailureReason.CRASH, "its instance had ended");
        owner.ended(this, call, Outcome.lost(gone), false);
    }
}
