package dev.quern.flight;

import dev.quern.common.QuernException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightRuntimeException;

/// Runs the streams, each on a thread of its own and never on the one that gRPC delivers the call's
/// events on (a stream waiting there would never hear that its client is ready), and bounds their
/// number. Thread-safe.
final class StreamPool {
    private static final long RETRY_AFTER_MILLIS = 500;

    private final Executor executor;
    private final Semaphore slots;
    private final int maxStreams;

    StreamPool(Executor executor, int maxStreams) {
        this.executor = executor;
        this.slots = new Semaphore(maxStreams);
        this.maxStreams = maxStreams;
    }

    /// Starts a stream on another thread.
    ///
    /// @param onFailure answers the call, if the stream fails and there is still a client to hear
    /// @throws QuernException `EXHAUSTED` if too many streams run
    void start(String requestId, Runnable stream, Consumer<FlightRuntimeException> onFailure) {
        acquire();
        try {
            executor.execute(() -> run(requestId, stream, onFailure));
        } catch (RejectedExecutionException e) {
            slots.release();
            throw CallGate.closing();
        }
    }

    /// Runs a stream on this thread.
    ///
    /// @throws FlightRuntimeException if it fails, or too many run
    void runHere(String requestId, Runnable stream) {
        try {
            acquire();
        } catch (QuernException e) {
            throw FlightErrors.toFlight(e);
        }
        run(
                requestId,
                stream,
                failure -> {
                    throw failure;
                });
    }

    // A stream may fail by an Error too (a JVM flag is missing): the client must hear of it.
    @SuppressWarnings("CatchingUnchecked")
    private void run(
            String requestId, Runnable stream, Consumer<FlightRuntimeException> onFailure) {
        try {
            stream.run();
        } catch (Throwable e) {
            onFailure.accept(
                    isCancellation(e)
                            ? CallStatus.CANCELLED.withCause(e).toRuntimeException()
                            : FlightErrors.toFlight(e, requestId));
        } finally {
            slots.release();
        }
    }

    /// Whether the client has gone: the gate says so before a message, gRPC if it goes meanwhile.
    private static boolean isCancellation(Throwable failure) {
        return failure instanceof CallGate.CancelledCall
                || (failure instanceof StatusRuntimeException grpc
                        && grpc.getStatus().getCode() == Status.Code.CANCELLED);
    }

    private void acquire() {
        if (!slots.tryAcquire()) {
            throw QuernException.exhausted(
                    maxStreams + " flight streams are running, the most at one time",
                    RETRY_AFTER_MILLIS);
        }
    }
}
