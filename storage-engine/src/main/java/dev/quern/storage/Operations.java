package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The long operations on a store: which run, how far they are, how the last ones ended, and the
/// way to stop one. One of `gc`, `compact`, `fsck` and `repair` runs at a time, and one `backup`.
///
/// An operation stops within one batch of chunks, or the files that a backup is copying. All of
/// them may be stopped anywhere, as they may be killed anywhere: what they did until then stays
/// done and is right, and the next run does the rest.
///
/// Remembers the last 20 that ended, until the engine is closed; not one that was refused or found
/// nothing to do. Thread-safe.
public final class Operations implements AutoCloseable {
    static final int MAX_ENDED = 20;

    private final InstantSource clock;

    @GuardedBy("this")
    private final List<Operation> running = new ArrayList<>();

    /// The latest first.
    @GuardedBy("this")
    private final Deque<OperationStatus> ended = new ArrayDeque<>();

    @GuardedBy("this")
    private long lastNumber;

    @GuardedBy("this")
    private boolean stopped;

    Operations(InstantSource clock) {
        this.clock = clock;
    }

    /// Does something as an operation.
    ///
    /// @throws QuernException `CONFLICT` naming the operation that is in the way, or if this one is
    ///   cancelled; `UNAVAILABLE` after [#stop]; what `work` throws
    <T> T run(OperationKind kind, Function<Operation, T> work) {
        Operation operation = begin(kind);
        @Nullable String error = "ended by an error of the virtual machine";
        try {
            T result = work.apply(operation);
            error = null;
            return result;
        } catch (RuntimeException e) {
            error = String.valueOf(e.getMessage());
            throw e;
        } finally {
            end(operation, error);
        }
    }

    private synchronized Operation begin(OperationKind kind) {
        if (stopped) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "cannot start " + kind + ": the store is being closed");
        }
        for (Operation other : running) {
            if (kind.excludes(other.id().kind())) {
                throw QuernException.conflict(
                        "cannot start "
                                + kind
                                + ": operation "
                                + other.id()
                                + " is under way; cancel it or try again later");
            }
        }
        lastNumber = Math.max(lastNumber + 1, clock.instant().getEpochSecond());
        Operation operation = new Operation(new OperationId(kind, lastNumber), clock.instant());
        running.add(operation);
        return operation;
    }

    private synchronized void end(Operation operation, @Nullable String error) {
        running.remove(operation);
        notifyAll();
        if (operation.isOfNote()) {
            ended.addFirst(operation.ended(clock.instant(), error));
            if (ended.size() > MAX_ENDED) {
                ended.removeLast();
            }
        }
    }

    /// Those under way, the earliest first.
    public synchronized List<OperationStatus> running() {
        return running.stream().map(Operation::status).toList();
    }

    /// The last 20 that ended, the latest first.
    public synchronized List<OperationStatus> ended() {
        return List.copyOf(ended);
    }

    /// Asks an operation to stop, and does not wait for it. One that has ended stays as it ended.
    ///
    /// @param id as text
    /// @throws QuernException `NOT_FOUND` if there is no such operation
    public synchronized OperationStatus cancel(String id) {
        for (Operation operation : running) {
            if (operation.id().toString().equals(id)) {
                operation.cancel();
                return operation.status();
            }
        }
        return ended.stream()
                .filter(status -> status.id().toString().equals(id))
                .findFirst()
                .orElseThrow(() -> QuernException.notFound("there is no operation " + id));
    }

    /// Asks all that run to stop, and lets none begin any more; does not wait.
    public synchronized void stop() {
        stopped = true;
        running.forEach(Operation::cancel);
    }

    /// As [#stop], and waits until the last has ended: none may touch what is closed after this.
    @Override
    public synchronized void close() {
        stop();
        boolean interrupted = false;
        while (!running.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
