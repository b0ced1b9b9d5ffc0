package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import io.grpc.Context;
import io.grpc.ServerCall;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One call's flow control, both ways: [#awaitReady] holds a sender back while the client does not
/// read, [#receive] bounds the wait for a message of the client. Either ends when the client
/// cancels, when it does nothing for the stall timeout, or when the server closes.
///
/// Flight's own listeners show readiness only for `DoGet`; the gate looks at the gRPC call below,
/// so `ListFlights` and the acknowledgements of `DoPut` are held back the same way.
///
/// Thread-safe; one thread at a time sends or receives.
final class CallGate {
    /// Where [CallGates] leaves the gate of a call.
    static final Context.Key<CallGate> KEY = Context.key("quern.flight.call-gate");

    private final ServerCall<?, ?> call;
    private final Duration stall;
    private final ScheduledExecutorService timer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /// Why the call must end; set once. Guarded by `lock`.
    private @Nullable RuntimeException end;

    /// The thread inside [#receive]. Guarded by `lock`.
    private @Nullable Thread receiver;

    CallGate(ServerCall<?, ?> call, Duration stall, ScheduledExecutorService timer) {
        this.call = call;
        this.stall = stall;
        this.timer = timer;
    }

    /// The gate of the call that this thread serves.
    static CallGate current() {
        CallGate gate = KEY.get();
        if (gate == null) {
            throw QuernException.internal("flight call came past its gate", null);
        }
        return gate;
    }

    /// Whether there is no longer a client to answer.
    boolean isCancelled() {
        lock.lock();
        try {
            return end instanceof CancelledCall;
        } finally {
            lock.unlock();
        }
    }

    /// Whether a message can be sent without growing the queue beyond its bound.
    boolean isReady() {
        return call.isReady();
    }

    /// Returns when the client has read enough for another message to be queued.
    ///
    /// @throws CancelledCall if the client has cancelled
    /// @throws QuernException `UNAVAILABLE` if the client read nothing for the stall timeout, or
    ///   the server is closing
    void awaitReady() {
        long remainingNanos = stall.toNanos();
        lock.lock();
        try {
            throwIfEnded();
            while (!call.isReady()) {
                if (remainingNanos <= 0) {
                    throw stalled("read");
                }
                remainingNanos = changed.awaitNanos(remainingNanos);
                throwIfEnded();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw closing();
        } finally {
            lock.unlock();
        }
    }

    /// Runs a blocking receive, which must answer an interrupt by throwing.
    ///
    /// @throws CancelledCall if the client cancelled
    /// @throws QuernException `UNAVAILABLE` if nothing came for the stall timeout, or the server is
    ///   closing
    <T> T receive(Supplier<T> blocking) {
        return receive(blocking, stall, stalled("sent"));
    }

    /// As above, with a limit of its own and what is thrown there.
    <T> T receive(Supplier<T> blocking, Duration limit, QuernException atLimit) {
        ScheduledFuture<?> alarm =
                timer.schedule(() -> end(atLimit), limit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            beginReceive();
            return blocking.get();
        } catch (RuntimeException e) {
            throw endOr(e);
        } finally {
            alarm.cancel(false);
            endReceive();
        }
    }

    /// Ends the call's waits with an exception; the first counts, except that a client that is gone
    /// is gone.
    void end(RuntimeException reason) {
        lock.lock();
        try {
            if (end == null || reason instanceof CancelledCall) {
                end = reason;
            }
            if (receiver != null) {
                receiver.interrupt();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Lets a waiting sender look again.
    void signalReady() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// What [#end] is given when the server closes.
    static QuernException closing() {
        return new QuernException(ErrorKind.UNAVAILABLE, "flight server is closing");
    }

    private void beginReceive() {
        lock.lock();
        try {
            throwIfEnded();
            receiver = Thread.currentThread();
        } finally {
            lock.unlock();
        }
    }

    private void endReceive() {
        lock.lock();
        try {
            receiver = null;
        } finally {
            lock.unlock();
        }
        // An interrupt of this gate that came too late must not reach what the thread does next.
        Thread.interrupted();
    }

    private void throwIfEnded() {
        if (end != null) {
            throw end;
        }
    }

    private RuntimeException endOr(RuntimeException failure) {
        lock.lock();
        try {
            return end != null ? end : failure;
        } finally {
            lock.unlock();
        }
    }

    private QuernException stalled(String what) {
        return new QuernException(
                ErrorKind.UNAVAILABLE, "flight client " + what + " nothing for " + stall);
    }

    /// The client has cancelled: there is nobody to answer.
    static final class CancelledCall extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CancelledCall() {
            super("cancelled by the client", null, false, false);
        }
    }
}
