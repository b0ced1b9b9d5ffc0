package dev.quern.function;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// One map over inputs: keeps a window of calls in flight, so that neither the queue nor the
/// answers grow with the number of inputs. Used once, by one thread.
final class MapRun {
    private final CallEngine engine;
    private final int window;
    private final IntFunction<LiveCall> submit;
    private final LinkedBlockingQueue<Ended> ended = new LinkedBlockingQueue<>();
    private final Map<CallId, LiveCall> flying = new HashMap<>();

    private record Ended(LiveCall call, @Nullable CallInfo info, @Nullable Throwable problem) {}

    /// @param window calls in flight at once
    /// @param submit starts the call of an input
    MapRun(CallEngine engine, int window, IntFunction<LiveCall> submit) {
        this.engine = engine;
        this.window = window;
        this.submit = submit;
    }

    void run(int count, Consumer<CallInfo> done) {
        int next = 0;
        boolean complete = false;
        try {
            while (next < count || !flying.isEmpty()) {
                while (next < count && flying.size() < window && submit(next)) {
                    next++;
                }
                done.accept(take());
            }
            complete = true;
        } finally {
            if (!complete) {
                flying.values().forEach(engine::cancel);
            }
        }
    }

    /// @return false when the queue is full and the end of a call of this map will make room
    private boolean submit(int index) {
        LiveCall call;
        try {
            call = submit.apply(index);
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.EXHAUSTED && !flying.isEmpty()) {
                return false;
            }
            throw e;
        }
        flying.put(call.id(), call);
        CompletableFuture<Thread> _ =
                call.outcome().handle((outcome, problem) -> follow(call, outcome, problem));
        return true;
    }

    /// Leaves the instance's thread at once: making the end durable takes an fsync.
    private Thread follow(LiveCall call, @Nullable Outcome outcome, @Nullable Throwable problem) {
        return Thread.ofVirtual()
                .name("quern-map-" + call.id())
                .start(() -> finish(call, outcome, problem));
    }

    private void finish(LiveCall call, @Nullable Outcome outcome, @Nullable Throwable problem) {
        if (outcome == null) {
            ended.add(new Ended(call, null, problem));
            return;
        }
        try {
            ended.add(new Ended(call, engine.finish(call, outcome), null));
        } catch (RuntimeException e) {
            ended.add(new Ended(call, null, e));
        }
    }

    private CallInfo take() {
        try {
            Ended next = ended.take();
            flying.remove(next.call.id());
            if (next.info != null) {
                return next.info;
            }
            throw next.problem instanceof QuernException e
                    ? e
                    : QuernException.internal("call " + next.call.id() + " failed", next.problem);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(ErrorKind.UNAVAILABLE, "map was interrupted", e);
        }
    }
}
