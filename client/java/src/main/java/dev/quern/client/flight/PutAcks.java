package dev.quern.client.flight;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/// The server's side of a DoPut: keeps the last acknowledgement and lets the sender wait. Flight's
/// threads report, one sender waits.
final class PutAcks implements FlightClient.PutListener {
    private static final long LOOK_NANOS = 50_000;
    private static final String INTERRUPTED = "wait for the server was interrupted";

    @GuardedBy("this")
    private boolean ended;

    @GuardedBy("this")
    private @Nullable Throwable failure;

    @GuardedBy("this")
    private byte[] last = new byte[0];

    private final Consumer<byte[]> each;

    /// @param each told of every acknowledgement, one after another, before [#awaitEnd] returns
    PutAcks(Consumer<byte[]> each) {
        this.each = each;
    }

    @Override
    public synchronized void onNext(PutResult result) {
        ArrowBuf metadata = result.getApplicationMetadata();
        if (metadata != null) {
            last = new byte[Math.toIntExact(metadata.readableBytes())];
            metadata.getBytes(metadata.readerIndex(), last);
            each.accept(last);
        }
        notifyAll();
    }

    @Override
    public synchronized void onError(Throwable t) {
        failure = t;
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized void onCompleted() {
        ended = true;
        notifyAll();
    }

    /// Waits until the stream takes another batch. Flight's client has no call-back for that (its
    /// own wait spins), so this looks every 50 us.
    ///
    /// @throws QuernException what ended the stream
    void awaitReady(BooleanSupplier ready) {
        while (!hasEnded() && !ready.getAsBoolean()) {
            LockSupport.parkNanos(LOOK_NANOS);
            if (Thread.currentThread().isInterrupted()) {
                throw new QuernException(ErrorKind.UNAVAILABLE, INTERRUPTED);
            }
        }
        throwFailure();
    }

    private synchronized boolean hasEnded() {
        return ended;
    }

    /// Waits for the end.
    ///
    /// @return the last acknowledgement, empty if there was none
    synchronized byte[] awaitEnd() {
        try {
            while (!ended) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(ErrorKind.UNAVAILABLE, INTERRUPTED, e);
        }
        throwFailure();
        return last;
    }

    private synchronized void throwFailure() {
        if (failure != null) {
            throw FlightFailures.of(failure);
        }
    }

    /// Flight's own way to wait for the end.
    @Override
    public void getResult() {
        awaitEnd();
    }

    @Override
    public synchronized boolean isCancelled() {
        return failure != null;
    }
}
