package dev.quern.embed;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// Texts into vectors. Owns the models and a fixed pool of platform threads, one batch on each at a
/// time; batches are made of the inputs of all requests that wait, sorted by length ([BatchQueue]).
///
/// Thread-safe. Closing it lets running batches end, fails what waits with `UNAVAILABLE`, and
/// unloads the models.
public final class EmbedService implements AutoCloseable {
    private final List<LoadedModel> models;
    private final Map<String, LoadedModel> byName = new HashMap<>();
    private final BatchQueue queue;
    private final List<Thread> workers = new ArrayList<>();

    private EmbedService(EmbedConfig config, List<LoadedModel> models) {
        this.models = List.copyOf(models);
        for (LoadedModel model : models) {
            byName.put(model.info().id(), model);
            model.info().aliases().forEach(alias -> byName.put(alias, model));
        }
        this.queue = new BatchQueue(config);
        for (int i = 0; i < config.threads(); i++) {
            workers.add(
                    Thread.ofPlatform()
                            .name("quern-embed-" + i)
                            .daemon()
                            .start(new EmbedWorker(queue)));
        }
    }

    /// Loads every model of the models folder and starts the threads.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no model, or one lacks a file; `INVALID` if a
    ///   file is not what it should be
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the service closes the models; so does a failure
    public static EmbedService open(EmbedConfig config) {
        List<LoadedModel> loaded = new ArrayList<>();
        try {
            for (ModelCatalogue.Located located : ModelCatalogue.locate(config.modelsDirectory())) {
                loaded.add(LoadedModel.load(located));
            }
            return new EmbedService(config, loaded);
        } catch (RuntimeException e) {
            loaded.forEach(LoadedModel::close);
            throw e;
        }
    }

    /// The models.
    public List<ModelInfo> models() {
        return models.stream().map(LoadedModel::info).toList();
    }

    /// A model by its id or an alias.
    ///
    /// @throws QuernException `NOT_FOUND` naming those that there are
    public ModelInfo model(String idOrAlias) {
        return find(idOrAlias).info();
    }

    /// Embeds inputs and waits for their vectors. An input longer than the model's limit is cut
    /// there and counted in [Embeddings#truncated].
    ///
    /// @param model id or alias
    /// @param inputs 1 to [EmbedConfig#maxQueuedTexts]
    /// @throws QuernException `NOT_FOUND` for the model; `INVALID` for no inputs, too many, or
    ///   tokens that the model does not have; `EXHAUSTED` with `retry_after_ms` when the queue is
    ///   full; `UNAVAILABLE` when the service closes or the calling thread is interrupted
    public Embeddings embed(String model, List<EmbedInput> inputs) {
        return start(model, inputs, false).join();
    }

    /// Inputs that wait to be computed, for metrics.
    public int waitingTexts() {
        return queue.waitingTexts();
    }

    /// Queues inputs as [#embed], without waiting for their vectors.
    ///
    /// @param wait whether to wait for room in the queue rather than be refused
    Pending start(String model, List<EmbedInput> inputs, boolean wait) {
        LoadedModel loaded = find(model);
        if (inputs.isEmpty()) {
            throw QuernException.invalid("expected one or more texts to embed, got none");
        }
        EmbedRequest request = new EmbedRequest(loaded, List.copyOf(inputs));
        try {
            queue.submit(request, wait);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        return new Pending(queue, request);
    }

    /// The tokenizer of a model, for splitting texts.
    TokenCounter tokenCounter(String idOrAlias) {
        return find(idOrAlias).tokenizer();
    }

    @Override
    public void close() {
        queue.close();
        boolean interrupted = false;
        for (Thread worker : workers) {
            interrupted |= joinUninterruptibly(worker);
        }
        models.forEach(LoadedModel::close);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private LoadedModel find(String idOrAlias) {
        LoadedModel model = byName.get(idOrAlias);
        if (model == null) {
            throw QuernException.notFound(
                    "no embedding model \""
                            + Names.abbreviate(idOrAlias)
                            + "\", expected one of "
                            + models.stream().map(m -> m.info().id()).toList());
        }
        return model;
    }

    /// A worker ends after at most one batch, and its model must not be unloaded under it.
    private static boolean joinUninterruptibly(Thread worker) {
        boolean interrupted = false;
        while (true) {
            try {
                worker.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    private static QuernException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new QuernException(
                ErrorKind.UNAVAILABLE, "interrupted while waiting for embeddings", cause);
    }

    /// Vectors under way. Either [#join] or [#cancel] ends it.
    static final class Pending {
        private final BatchQueue queue;
        private final EmbedRequest request;

        private Pending(BatchQueue queue, EmbedRequest request) {
            this.queue = queue;
            this.request = request;
        }

        /// Waits for the vectors.
        Embeddings join() {
            try {
                return request.result().get();
            } catch (InterruptedException e) {
                cancel();
                throw interrupted(e);
            } catch (ExecutionException e) {
                throw rethrown(e.getCause());
            }
        }

        /// Forgets what is not computed yet.
        void cancel() {
            queue.abandon(
                    request, new QuernException(ErrorKind.UNAVAILABLE, "embedding was cancelled"));
        }

        /// The failure happened on another thread and may be shared by several callers, so each
        /// gets an exception of its own.
        private static QuernException rethrown(@Nullable Throwable cause) {
            return cause instanceof QuernException known
                    ? new QuernException(
                            known.kind(),
                            String.valueOf(known.getMessage()),
                            known.details(),
                            known)
                    : QuernException.internal("embedding failed", cause);
        }
    }
}
