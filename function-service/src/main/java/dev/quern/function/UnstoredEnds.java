package dev.quern.function;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends of calls that could not be stored when they came: a full disk, a log that was broken off.
/// They are tried again, each time after twice the time, and given up after some tries; then it is
/// remembered that there was an end, so that who asks is told. Thread-safe. The owner closes it,
/// which tries each once more.
///
/// A call stays findable meanwhile, as running: no reader has been told of an end that may be lost.
final class UnstoredEnds implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UnstoredEnds.class);
    private static final Duration MAX_WAIT = Duration.ofSeconds(30);

    private final CallStore store;
    private final ScheduledExecutorService timer;
    private final Bounds bounds;
    private final Consumer<LiveCall> ended;

    @GuardedBy("this")
    private final Map<CallId, End> kept = new LinkedHashMap<>();

    @GuardedBy("this")
    private final Map<CallId, Lost> lost = new LinkedHashMap<>();

    @GuardedBy("this")
    private long keptBytes;

    /// How long ends are tried again, and how many are kept for that.
    ///
    /// @param tries of storing, the first included
    /// @param firstWait before the second; twice as long before each other, 30 s at most
    /// @param calls whose ends wait, and as many that were given up and are remembered
    /// @param bytes of outputs and logs that wait
    record Bounds(int tries, Duration firstWait, int calls, long bytes) {
        /// 10 tries in a minute and a half, 1,000 calls, 64 MiB.
        static final Bounds DEFAULT = new Bounds(10, Duration.ofMillis(250), 1_000, 64 << 20);
    }

    private record End(LiveCall call, CallInfo info, int tries) {
        long bytes() {
            long output = info.output().flatMap(CallOutput::bytes).map(b -> b.length).orElse(0);
            long trace = info.failure().map(f -> f.traceback().length()).orElse(0);
            return output + trace + info.logs().length();
        }
    }

    private record Lost(SpaceId space, QuernException problem) {}

    /// @param timer stays open
    /// @param ended takes calls that are stored, or given up
    UnstoredEnds(
            CallStore store,
            ScheduledExecutorService timer,
            Bounds bounds,
            Consumer<LiveCall> ended) {
        this.store = store;
        this.timer = timer;
        this.bounds = bounds;
        this.ended = ended;
    }

    /// Takes an end that could not be stored.
    ///
    /// @return what its caller is told; not `EXHAUSTED` whatever the cause, which would say that
    ///   nothing was run and the call may be sent again
    QuernException keep(LiveCall call, CallInfo info, RuntimeException cause) {
        End end = new End(call, info, 1);
        boolean room;
        synchronized (this) {
            room = kept.size() < bounds.calls() && keptBytes + end.bytes() <= bounds.bytes();
            if (room) {
                kept.put(call.id(), end);
                keptBytes += end.bytes();
            }
        }
        if (!room) {
            return giveUp(end, cause);
        }
        LOG.warn("end of call {} is not stored yet", call.id(), cause);
        again(end, cause);
        return problem(
                call,
                "it is tried again; the call can be asked for by its id, and is not to be sent"
                        + " again if it must not run twice",
                cause);
    }

    /// @throws QuernException `UNAVAILABLE` if it has ended and its end could not be stored
    void requireStored(SpaceId space, CallId id) {
        Optional<Lost> found;
        synchronized (this) {
            found = Optional.ofNullable(lost.get(id)).filter(l -> l.space().equals(space));
        }
        if (found.isPresent()) {
            QuernException problem = found.get().problem();
            throw new QuernException(problem.kind(), String.valueOf(problem.getMessage()), problem);
        }
    }

    private void again(End end, RuntimeException cause) {
        long wait =
                Math.min(
                        bounds.firstWait().toMillis() << Math.min(20, end.tries() - 1),
                        MAX_WAIT.toMillis());
        Runnable later =
                () -> {
                    Thread _ =
                            Thread.ofVirtual()
                                    .name("quern-finish-" + end.call().id())
                                    .start(() -> retry(end));
                };
        try {
            ScheduledFuture<?> _ = timer.schedule(later, wait, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            cause.addSuppressed(e);
            LOG.debug("end of call {} waits for the close", end.call().id());
        }
    }

    private void retry(End end) {
        Optional<RuntimeException> problem = tryToStore(end);
        if (problem.isPresent()) {
            End next = new End(end.call(), end.info(), end.tries() + 1);
            if (next.tries() >= bounds.tries()) {
                giveUp(next, problem.get());
            } else {
                again(next, problem.get());
            }
        }
    }

    private Optional<RuntimeException> tryToStore(End end) {
        try {
            store.finish(end.call().space(), end.info(), end.call().spawned());
        } catch (RuntimeException e) {
            return Optional.of(e);
        }
        forget(end);
        ended.accept(end.call());
        end.call().done().complete(end.info());
        LOG.info("end of call {} is stored at last", end.call().id());
        return Optional.empty();
    }

    private QuernException giveUp(End end, RuntimeException cause) {
        LOG.error("end of call {} cannot be stored", end.call().id(), cause);
        QuernException problem =
                problem(
                        end.call(),
                        end.call().spawned()
                                ? "it was given up; the call runs again when the server is started"
                                        + " again"
                                : "it was given up, its result is lost",
                        cause);
        forget(end);
        synchronized (this) {
            lost.put(end.call().id(), new Lost(end.call().space(), problem));
            if (lost.size() > bounds.calls()) {
                lost.remove(lost.keySet().iterator().next());
            }
        }
        ended.accept(end.call());
        end.call().done().completeExceptionally(problem);
        return problem;
    }

    private synchronized void forget(End end) {
        if (kept.remove(end.call().id()) != null) {
            keptBytes -= end.bytes();
        }
    }

    private static QuernException problem(LiveCall call, String then, RuntimeException cause) {
        return new QuernException(
                ErrorKind.UNAVAILABLE,
                "call "
                        + call.id()
                        + " of function "
                        + call.deployment().info().name()
                        + " has ended, but its end could not be stored ("
                        + cause.getMessage()
                        + "); "
                        + then,
                cause);
    }

    @Override
    public void close() {
        List<End> left;
        synchronized (this) {
            left = new ArrayList<>(kept.values());
        }
        for (End end : left) {
            tryToStore(end).ifPresent(problem -> giveUp(end, problem));
        }
    }
}
