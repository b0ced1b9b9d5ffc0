package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.OperationStatus.State;
import dev.quern.storage.OperationStatus.Unit;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A run of maintenance or of a backup while it is under way. It tells here how far it is, phase
/// after phase, and learns here that it is to stop; both once a batch, not once a chunk.
/// Thread-safe.
final class Operation {
    /// A total that is not known.
    static final long UNKNOWN = -1;

    private final OperationId id;
    private final Instant startedAt;
    private volatile boolean cancelled;
    private volatile @Nullable Phase phase;

    private record Phase(String name, Unit unit, long total, AtomicLong done) {}

    Operation(OperationId id, Instant startedAt) {
        this.id = id;
        this.startedAt = startedAt;
    }

    OperationId id() {
        return id;
    }

    /// Begins a phase, of which nothing is done yet.
    ///
    /// @param total how much there is to do; [#UNKNOWN] if that cannot be told
    /// @throws QuernException as [#check]
    void phase(String name, Unit unit, long total) {
        phase(name, unit, 0, total);
    }

    /// Begins a phase that goes on counting where another was.
    void phase(String name, Unit unit, long done, long total) {
        check();
        phase = new Phase(name, unit, total, new AtomicLong(done));
    }

    /// Counts what was done of this phase.
    ///
    /// @throws QuernException as [#check]
    void advance(long amount) {
        Phase current = phase;
        if (current != null) {
            current.done.addAndGet(amount);
        }
        check();
    }

    /// Says how much is done of this phase in all; less than before counts for nothing.
    ///
    /// @throws QuernException as [#check]
    void advanceTo(long done) {
        Phase current = phase;
        if (current != null) {
            current.done.accumulateAndGet(done, Math::max);
        }
        check();
    }

    /// Checks that the run may go on. Who has caught something asks here first, so that a
    /// cancellation is never taken for a fault of what was worked on.
    ///
    /// @throws QuernException `CONFLICT` if it was cancelled
    void check() {
        if (cancelled) {
            throw QuernException.conflict("operation " + id + " was cancelled");
        }
    }

    /// Makes it stop at its next check. One that is past its last ends as if nothing had been said.
    void cancel() {
        cancelled = true;
    }

    /// Whether it has had anything to do, or was kept from looking.
    boolean isOfNote() {
        return phase != null || cancelled;
    }

    /// How far it is.
    OperationStatus status() {
        return status(cancelled ? State.CANCELLING : State.RUNNING, Optional.empty(), null);
    }

    /// How it ended.
    ///
    /// @param error null if it did well
    OperationStatus ended(Instant at, @Nullable String error) {
        State failed = cancelled ? State.CANCELLED : State.FAILED;
        return status(error == null ? State.DONE : failed, Optional.of(at), error);
    }

    private OperationStatus status(State state, Optional<Instant> ended, @Nullable String error) {
        Phase now = phase;
        Phase current = now == null ? new Phase("", Unit.CHUNKS, UNKNOWN, new AtomicLong()) : now;
        long done = current.done.get();
        return new OperationStatus(
                id,
                state,
                current.name,
                current.unit,
                done,
                // A store that is in use may have grown since.
                current.total < 0
                        ? OptionalLong.empty()
                        : OptionalLong.of(Math.max(done, current.total)),
                startedAt,
                ended,
                Optional.ofNullable(error));
    }
}
