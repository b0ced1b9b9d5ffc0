package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;

/// Puts writes that commit concurrently into the order of their tokens. A write begins with the log
/// index applied at that moment, so its own token is going to be greater; a committed write is
/// ready once no write is in flight that could still get a smaller token. So nobody waits for a
/// write that began later. Thread-safe.
///
/// @param <T> what is ordered
final class TokenOrder<T> {
    /// A write in flight; its token is going to be greater than the floor. No record, because two
    /// tickets of one floor are two tickets.
    static final class Ticket {
        private final long floor;

        private Ticket(long floor) {
            this.floor = floor;
        }
    }

    private record Committed<T>(long token, T write) {}

    @GuardedBy("this")
    private final Set<Ticket> inFlight = new HashSet<>();

    @GuardedBy("this")
    private final PriorityQueue<Committed<T>> committed =
            new PriorityQueue<>((a, b) -> Long.compare(a.token(), b.token()));

    /// Announces a write before it is committed.
    ///
    /// @param appliedIndex an index that the log had applied before
    synchronized Ticket begin(long appliedIndex) {
        Ticket ticket = new Ticket(appliedIndex);
        inFlight.add(ticket);
        return ticket;
    }

    /// The write was committed.
    synchronized void commit(Ticket ticket, long token, T write) {
        inFlight.remove(ticket);
        committed.add(new Committed<>(token, write));
        notifyAll();
    }

    /// The write came to nothing.
    synchronized void abandon(Ticket ticket) {
        inFlight.remove(ticket);
        notifyAll();
    }

    /// Whether [#poll] would give a write.
    synchronized boolean isReady() {
        Committed<T> first = committed.peek();
        return first != null && inFlight.stream().noneMatch(t -> t.floor < first.token());
    }

    /// Takes the write of the smallest token, if no smaller one can come.
    synchronized Optional<T> poll() {
        return isReady() ? Optional.of(committed.remove().write()) : Optional.empty();
    }

    /// Waits until no write is in flight that may get this token or a smaller one.
    ///
    /// @return false when the time is over before that
    synchronized boolean awaitPast(long token, long timeoutNanos) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutNanos;
        while (inFlight.stream().anyMatch(ticket -> ticket.floor < token)) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            wait(leftMillis);
        }
        return true;
    }

    /// Waits until no write is in flight.
    ///
    /// @return false when the time is over before that
    synchronized boolean awaitIdle(long timeoutNanos) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutNanos;
        while (!inFlight.isEmpty()) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            wait(leftMillis);
        }
        return true;
    }
}
