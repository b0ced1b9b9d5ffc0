package dev.quern.server;

import dev.quern.common.QuernException;
import dev.quern.embed.EmbedConfig;
import dev.quern.embed.EmbedService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Opens the embedding service on a thread of its own while other things open, and owns it.
final class ModelLoading implements AutoCloseable {
    private static final long STACK_BYTES = 16L << 20;

    private final FutureTask<EmbedService> task;

    /// Starts to open, on a large stack: ONNX Runtime's start recurses over the process' whole
    /// command line and ends the JVM when an ordinary stack does not suffice.
    @SuppressWarnings("MustBeClosed") // closed by close()
    ModelLoading(EmbedConfig config) {
        task = new FutureTask<>(() -> EmbedService.open(config));
        Thread thread = new Thread(null, task, "open-models", STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
    }

    /// Waits until it is open.
    ///
    /// @throws QuernException what opening failed with
    EmbedService get() {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof QuernException known
                    ? known
                    : QuernException.internal("cannot open the models: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw QuernException.internal("interrupted while models were opening", e);
        }
    }

    @Override
    public void close() {
        EmbedService opened;
        try {
            opened = get();
        } catch (QuernException e) {
            return; // nothing was opened, and whoever called get() has been told
        }
        opened.close();
    }
}
