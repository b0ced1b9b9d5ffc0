package dev.quern.http;

import io.vertx.core.Context;
import java.util.ArrayDeque;
import java.util.Queue;

/// Requests that an event loop serves itself, some between two looks at its connections. Of the
/// event loop's thread. It holds no more than the requests in flight.
final class LoopLane {
    /// Those served before the loop looks at its connections again, and their replies sent.
    private static final int MAX_TOGETHER = 8;

    /// Time after which it does so, whatever is left.
    private static final long MAX_NANOS = 1_000_000;

    private final Context loop;
    private final LoopOutbox outbox;
    private final int maxWaiting;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean scheduled;

    /// @param outbox of the same loop
    /// @param maxWaiting beyond these a thread is better, as when other processors are free
    LoopLane(Context loop, LoopOutbox outbox, int maxWaiting) {
        this.loop = loop;
        this.outbox = outbox;
        this.maxWaiting = maxWaiting;
    }

    /// Has a request served once those before it are.
    ///
    /// @param serve waits for nothing
    /// @return false: nothing was done, as too many wait
    boolean offer(Runnable serve) {
        if (waiting.size() >= maxWaiting) {
            return false;
        }
        waiting.add(serve);
        if (!scheduled) {
            scheduled = true;
            loop.runOnContext(_ -> run());
        }
        return true;
    }

    private void run() {
        try {
            outbox.make(this::serveSome);
        } finally {
            if (waiting.isEmpty()) {
                scheduled = false;
            } else {
                loop.runOnContext(_ -> run());
            }
        }
    }

    private void serveSome() {
        long start = System.nanoTime();
        int served = 0;
        for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
            next.run();
            if (++served == MAX_TOGETHER || System.nanoTime() - start > MAX_NANOS) {
                return;
            }
        }
    }
}
