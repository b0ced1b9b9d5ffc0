package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.wire.StorageOperation;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Shows on a terminal how far a long operation on the store is, while the request that runs it is
/// under way. Only one of a kind can be, so it is known by its kind.
final class StorageProgress {
    private static final long POLL_MILLIS = 500;

    private final QuernClient client;
    private final Progress progress;
    private final String kind;
    private final CountDownLatch answered = new CountDownLatch(1);

    private StorageProgress(QuernClient client, Progress progress, String kind) {
        this.client = client;
        this.progress = progress;
        this.kind = kind;
    }

    /// Sends a request and returns its answer.
    ///
    /// @param kind of the operation that the request runs
    static <T> T during(Terminal terminal, QuernClient client, String kind, Supplier<T> request) {
        try (Progress progress = new Progress(terminal.err(), kind)) {
            if (!progress.isShown()) {
                return request.get();
            }
            StorageProgress poller = new StorageProgress(client, progress, kind);
            Thread thread = Thread.ofVirtual().name("quern-progress").start(poller::poll);
            try {
                return request.get();
            } finally {
                poller.answered.countDown();
                join(thread);
            }
        }
    }

    private void poll() {
        try {
            while (!answered.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                client.storage().operations().running().stream()
                        .filter(operation -> operation.kind().equals(kind))
                        .findFirst()
                        .ifPresent(this::show);
            }
        } catch (InterruptedException | QuernException e) {
            progress.showOpen(""); // what the request itself comes to is said by its answer
        }
    }

    private void show(StorageOperation operation) {
        Long total = operation.total();
        if (total == null) {
            progress.showOpen(operation.phase() + ", " + amount(operation, operation.done()));
        } else {
            progress.show(
                    operation.done(),
                    total,
                    operation.phase() + ", " + amount(operation, operation.done()));
        }
    }

    /// A count with its unit, as people read it.
    static String amount(StorageOperation operation, long count) {
        return operation.unit().equals("bytes")
                ? new ByteSize(count).toString()
                : count + " " + operation.unit();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
