package dev.quern.client.flight;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.function.BooleanSupplier;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/// The server's side of a DoPut: keeps the last acknowledgement and lets the sender wait. Flight's
/// threads report, one sender waits.
final class PutAcks implements FlightClient.PutListener {
    @GuardedBy("this")
    private boolean ended;

    @GuardedBy("this")
    private @Nullable Throwable failure;

    @GuardedBy("this")
    private byte[] last = new byte[0];

    @Override
    public synchronized void onNext(PutResult result) {
        ArrowBuf metadata = result.getApplicationMetadata();
        if (metadata != null) {
            last = new byte[Math.toIntExact(metadata.readableBytes())];
            metadata.getBytes(metadata.readerIndex(), last);
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

    /// Tells the sender to look again, for instance because the stream takes more.
    synchronized void wake() {
        notifyAll();
    }

    /// Waits until the stream takes another batch.
    ///
    /// @throws QuernException what ended the stream
    synchronized void awaitReady(BooleanSupplier ready) {
        await(ready);
    }

    /// Waits for the end.
    ///
    /// @return the last acknowledgement, empty if there was none
    synchronized byte[] awaitEnd() {
        await(() -> false);
        return last;
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

    private synchronized void await(BooleanSupplier satisfied) {
        try {
            while (!ended && !satisfied.getAsBoolean()) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "wait for the server was interrupted", e);
        }
        if (failure != null) {
            throw FlightFailures.of(failure);
        }
    }
}
