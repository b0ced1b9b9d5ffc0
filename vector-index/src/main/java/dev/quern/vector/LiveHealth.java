package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether an open collection can go on, and if not, why. What has failed stays so until it is
/// opened anew. Thread-safe.
final class LiveHealth {
    private static final Logger log = LoggerFactory.getLogger(LiveHealth.class);

    private final Supplier<Definition> definition;
    private volatile boolean closing;
    private volatile boolean replaced;
    private volatile @Nullable Throwable failure;
    private volatile boolean damaged;

    /// @param definition as the collection is called now
    LiveHealth(Supplier<Definition> definition) {
        this.definition = definition;
    }

    /// From now on no write begins.
    void close() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }

    /// Another takes its place.
    void replace() {
        replaced = true;
    }

    boolean isReplaced() {
        return replaced;
    }

    /// Nothing more is to be applied.
    void fail(Throwable cause) {
        failure = cause;
    }

    /// Why nothing more is applied; null while all is well.
    @Nullable Throwable failure() {
        return failure;
    }

    /// Whether the collection must be closed and opened anew.
    boolean isFailed() {
        return failure != null || replaced;
    }

    /// Whether the files in the cache are to be thrown away then.
    boolean isDamaged() {
        return damaged;
    }

    /// @throws QuernException `UNAVAILABLE` if writes are not taken any more
    void requireUsable() {
        if (closing) {
            throw unavailable("is being closed", null);
        }
        if (failure != null) {
            throw unavailable("must be opened anew", failure);
        }
    }

    /// Waits until no write is in flight that may get a token or a smaller one.
    void awaitPast(TokenOrder<?> order, long token, Duration most) {
        try {
            if (!order.awaitPast(token, most.toNanos())) {
                throw unavailable("did not come to write " + token + " within " + most, null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("was not waited for", e);
        }
    }

    QuernException unavailable(String problem, @Nullable Throwable cause) {
        return new QuernException(
                ErrorKind.UNAVAILABLE,
                "collection \""
                        + definition.get().name()
                        + "\" "
                        + problem
                        + (cause == null ? "" : ": " + cause),
                cause);
    }

    /// Notes a failure of the index and describes it.
    QuernException failed(String problem, Exception e) {
        Definition failing = definition.get();
        log.warn("collection {} ({}) failed", failing.name(), failing.id(), e);
        failure = e;
        if (IndexFailure.isDamage(e)) {
            damaged = true;
        }
        return unavailable(problem, e);
    }

    /// The same error; one of a node that another has taken over ends the collection.
    QuernException noted(QuernException e) {
        if (e.kind() == ErrorKind.FENCED) {
            failure = e;
        }
        return e;
    }
}
