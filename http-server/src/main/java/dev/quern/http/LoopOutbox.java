package dev.quern.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Hands the replies of an event loop's connections over to it, those that are ready at about the
/// same time together. Handed over one by one, each woke the loop, which then took the processor
/// from the threads that were making the next ones: three changes of threads for each search.
/// Thread-safe. It holds a reply for each request in flight at most.
final class LoopOutbox {
    /// Replies beyond which nobody waits for more.
    private static final int MAX_TOGETHER = 8;

    private final Context loop;
    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();

    /// Those that came since the loop took them last.
    private final AtomicInteger count = new AtomicInteger();

    /// The loop's thread while it makes replies itself; it sends them when it is done.
    private volatile @Nullable Thread making;

    /// Begins to send something.
    interface Send {
        Future<Void> start();
    }

    private record Waiting(Send send, Promise<Void> sent) {
        void start() {
            try {
                send.start().onComplete(sent);
            } catch (IllegalStateException e) {
                // Vert.x says so of a response whose connection has been closed.
                sent.fail(e);
            }
        }
    }

    /// @param loop of the connections
    LoopOutbox(Context loop) {
        this.loop = loop;
    }

    /// Has something sent by the loop. A virtual thread lets others go first that are ready to run,
    /// so that what they send goes with it.
    ///
    /// @return completes when it is sent
    @SuppressWarnings("ThreadPriorityCheck") // only how many go together depends on the scheduler
    Future<Void> send(Send send) {
        Promise<Void> sent = Promise.promise();
        waiting.add(new Waiting(send, sent));
        if (Thread.currentThread().equals(making)) {
            return sent.future();
        }
        int place = count.incrementAndGet();
        if (place == 1) {
            Thread.yield();
        }
        if (place == 1 || place == MAX_TOGETHER) {
            try {
                loop.runOnContext(_ -> startAll());
            } catch (RejectedExecutionException e) {
                // The event loops have ended, and every connection with them.
                failAll(e);
            }
        }
        return sent.future();
    }

    /// Makes replies, on the loop, and sends them together.
    void make(Runnable replies) {
        making = Thread.currentThread();
        try {
            replies.run();
        } finally {
            making = null;
            startAll();
        }
    }

    private void startAll() {
        count.set(0);
        for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
            next.start();
        }
    }

    private void failAll(RejectedExecutionException cause) {
        count.set(0);
        for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
            next.sent.fail(cause);
        }
    }
}
