package dev.quern.function;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.function.sandbox.Sandbox;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import dev.quern.volume.VolumeService;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Functions and calls. Thread-safe. It must be closed before the stores and the volume service
/// that it was given.
///
/// Bounds: artifacts of 256 MiB, inputs and outputs of 16 MiB, logs of the last 64 KiB, the newest
/// 100 versions of a function, the newest 10,000 finished calls of a space (see [FunctionBounds]);
/// older ones are forgotten.
public final class FunctionService implements AutoCloseable {
    private final FunctionRoots roots;
    private final ArtifactStore artifacts;
    private final FunctionCatalog catalog;
    private final CallStore calls;
    private final CallEngine engine;
    private final Deployer deployer;
    private final Sandbox sandbox;
    private final CallIds ids;
    private final InstantSource clock;

    /// Opens the service and goes on with the spawned calls that had not ended.
    ///
    /// @param chunks bytes
    /// @param facts facts
    /// @param volumes what functions mount
    /// @param clock tells the time of creation
    /// @param random source of ids
    // The sandbox is a field, closed by close().
    @SuppressWarnings("MustBeClosedChecker")
    public FunctionService(
            ChunkStore chunks,
            MetaLog facts,
            VolumeService volumes,
            InstantSource clock,
            RandomGenerator random,
            FunctionConfig config) {
        this.clock = clock;
        roots = new FunctionRoots(facts);
        RandomGenerator shared = new LockedRandom(random);
        Path work = config.workDirectory();
        Path runner = prepare(work);
        artifacts = new ArtifactStore(chunks, facts);
        catalog = new FunctionCatalog(facts, clock, shared);
        calls = new CallStore(new Blobs(chunks), facts, config.bounds().maxFinishedCalls());
        ids = new CallIds(clock, shared);
        sandbox = Sandbox.open(config.sandbox(), work);
        Map<FunctionRuntime, RuntimeSetup> runtimes =
                Map.of(
                        FunctionRuntime.PYTHON, new PythonSetup(config, runner),
                        FunctionRuntime.JAVA, new JavaSetup(config));
        ArtifactCache cache =
                new ArtifactCache(
                        artifacts,
                        work.resolve("artifacts"),
                        config.bounds().artifactCacheSize().bytes());
        InstanceLauncher launcher =
                new InstanceLauncher(sandbox, cache, volumes, runtimes, config, shared);
        engine = new CallEngine(launcher, calls, config);
        deployer = new Deployer(catalog, cache, volumes, launcher);
        new Recovery(catalog, calls, engine).run();
    }

    private static Path prepare(Path work) {
        try {
            Archives.deleteTree(work.resolve("artifacts"));
            Files.createDirectories(work.resolve("artifacts"));
            Path runner = work.resolve("quern_runner.py");
            try (InputStream in = FunctionService.class.getResourceAsStream("quern_runner.py")) {
                if (in == null) {
                    throw QuernException.internal("quern_runner.py is not on the class path", null);
                }
                Files.write(runner, in.readAllBytes());
            }
            Archives.letOthersRead(runner);
            return runner;
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "work directory " + work + " cannot be written: " + e.getMessage(),
                    e);
        }
    }

    /// Stores code. The same bytes have the same id.
    ///
    /// @param bytes at most 256 MiB; read to its end, not closed
    /// @throws QuernException `INVALID` if it is empty, longer, or breaks off; `EXHAUSTED` when the
    ///   disk is full
    public ArtifactInfo putArtifact(SpaceId space, InputStream bytes) {
        return artifacts.put(space, bytes);
    }

    /// Deploys a version of a function: checks it, loads its code once in the sandbox, then makes
    /// it the version that is called. Instances of the version before end with the calls they have.
    ///
    /// @throws QuernException `INVALID` for an entry, bound, mount path or archive that is wrong,
    ///   or code that cannot be loaded: the message names file, line and exception, the details
    ///   `file`, `line`, `type` and `traceback` too; `NOT_FOUND` for an artifact, volume or commit
    ///   that is not there; `CONFLICT` if someone else deployed the function meanwhile;
    ///   `UNAVAILABLE`, saying what to install, when it cannot be run here
    public FunctionInfo deploy(SpaceId space, String name, DeploySpec spec) {
        Names.require("function", name);
        Deployment deployment = deployer.deploy(space, name, spec);
        engine.deployed(deployment);
        return deployment.info();
    }

    /// The version that is called.
    ///
    /// @throws QuernException `NOT_FOUND`
    public FunctionInfo get(SpaceId space, String name) {
        return catalog.get(space, name).info();
    }

    /// All functions of a space, in name order.
    public List<FunctionInfo> list(SpaceId space) {
        return catalog.list(space).stream().map(Deployment::info).toList();
    }

    /// Removes a function; its calls that have not ended are cancelled, those that have stay.
    ///
    /// @throws QuernException `NOT_FOUND`
    public void delete(SpaceId space, String name) {
        engine.deleted(catalog.delete(space, name));
    }

    /// Runs a function and waits for its end; result and receipt are durable when this returns.
    /// What the function does wrong is told in the answer. If the calling thread is interrupted,
    /// the call is cancelled.
    ///
    /// @throws QuernException `NOT_FOUND` for an unknown function, `INVALID` for a pickle sent to a
    ///   Java function, `EXHAUSTED` when the queue is full, `UNAVAILABLE` when no sandbox works or
    ///   the service is closing, or when the end could not be stored: it is tried again for a
    ///   minute and a half, and the message names the call
    public CallInfo call(SpaceId space, String function, Payload input) {
        LiveCall call = accept(space, function, input, OptionalInt.empty());
        try {
            return engine.finish(call, call.outcome().get());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            engine.finishInBackground(call);
            engine.cancel(call);
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "wait for call " + call.id() + " was interrupted", e);
        } catch (ExecutionException e) {
            throw unwrap(e.getCause());
        }
    }

    private static RuntimeException unwrap(@Nullable Throwable cause) {
        return switch (cause) {
            case QuernException e -> e;
            case CompletionException e -> unwrap(e.getCause());
            case null, default -> QuernException.internal("call failed", cause);
        };
    }

    private LiveCall accept(SpaceId space, String function, Payload input, OptionalInt index) {
        Deployment deployment = callable(space, function, input);
        LiveCall call =
                new LiveCall(ids.next(), deployment, now(), index, Optional.empty(), () -> input);
        engine.reservePlace();
        engine.submit(call);
        return call;
    }

    private Deployment callable(SpaceId space, String function, Payload input) {
        Deployment deployment = catalog.get(space, function);
        if (deployment.info().spec().runtime() != FunctionRuntime.PYTHON
                && input.contentType().equals(Payload.PICKLE)) {
            throw QuernException.invalid(
                    "function "
                            + function
                            + " is a "
                            + deployment.info().spec().runtime().wireName()
                            + " function and cannot read "
                            + Payload.PICKLE
                            + "; send "
                            + Payload.JSON);
        }
        return deployment;
    }

    private Instant now() {
        return Instant.ofEpochMilli(clock.millis());
    }

    /// Queues a call durably and returns at once. After a restart of the service it runs, or runs
    /// again with a higher attempt: a function that must not run twice has to tell by itself. It is
    /// given up when the service was lost in three of its runs.
    ///
    /// @throws QuernException as [#call]
    public CallInfo spawn(SpaceId space, String function, Payload input) {
        Deployment deployment = callable(space, function, input);
        engine.reservePlace();
        LiveCall call;
        try (ChunkPins _ = calls.pinWrites(space)) {
            LiveCall.Stored stored = calls.putInput(space, input);
            call =
                    new LiveCall(
                            ids.next(),
                            deployment,
                            now(),
                            OptionalInt.empty(),
                            Optional.of(stored),
                            () -> read(calls, space, stored));
            calls.enqueue(call);
        } catch (RuntimeException e) {
            engine.giveUpPlace();
            throw e;
        }
        CallInfo queued = call.info();
        engine.finishInBackground(call);
        engine.submit(call);
        return queued;
    }

    static Payload read(CallStore calls, SpaceId space, LiveCall.Stored stored) {
        return new Payload(stored.contentType(), calls.read(space, stored.input()));
    }

    /// Calls a function for each input, as many at once as the function allows. Each end is durable
    /// before it is handed over. If the consumer throws, or the thread is interrupted, the calls
    /// that have not ended are cancelled.
    ///
    /// @param done takes the ends in the order in which they come, [CallInfo#index] set; called by
    ///   this thread
    /// @throws QuernException as [#call]
    public void map(SpaceId space, String function, List<Payload> inputs, Consumer<CallInfo> done) {
        int window = Math.max(32, 4 * get(space, function).spec().limits().maxInstances());
        new MapRun(engine, window, i -> accept(space, function, inputs.get(i), OptionalInt.of(i)))
                .run(inputs.size(), done);
    }

    /// A call as it stands.
    ///
    /// @throws QuernException `NOT_FOUND` if the space has no such call, or has forgotten it;
    ///   `UNAVAILABLE` if it has ended and its end could not be stored
    public CallInfo get(SpaceId space, CallId id) {
        return live(space, id).map(LiveCall::info).orElseGet(() -> finished(space, id));
    }

    private Optional<LiveCall> live(SpaceId space, CallId id) {
        return engine.find(id).filter(call -> call.space().equals(space));
    }

    private CallInfo finished(SpaceId space, CallId id) {
        engine.requireStored(space, id);
        return calls.find(space, id, true)
                .orElseThrow(
                        () -> QuernException.notFound("call " + id + " is not in space " + space));
    }

    /// A call when it has ended, or as it stands when the time has passed.
    ///
    /// @param timeout 0 or more
    /// @throws QuernException as [#get(SpaceId, CallId)]
    public CallInfo await(SpaceId space, CallId id, Duration timeout) {
        Optional<LiveCall> call = live(space, id);
        if (call.isEmpty()) {
            return finished(space, id);
        }
        try {
            return call.get().done().get(Math.max(0, timeout.toMillis()), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return get(space, id);
        } catch (ExecutionException e) {
            throw unwrap(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "wait for call " + id + " was interrupted", e);
        }
    }

    /// Calls, newest first, without logs, tracebacks and outputs.
    ///
    /// @param function only its calls; empty: all
    /// @param limit 1 to 1,000
    public List<CallInfo> list(SpaceId space, Optional<String> function, int limit) {
        if (limit < 1 || limit > 1_000) {
            throw QuernException.invalid("limit must be 1 to 1000, got " + limit);
        }
        Map<String, CallInfo> found = new TreeMap<>(Comparator.reverseOrder());
        for (LiveCall call : engine.list(space)) {
            found.put(call.id().hex(), call.info());
        }
        found.values().removeIf(call -> !matches(call, function));
        int[] ended = {0};
        calls.forEachFinished(
                space,
                call -> {
                    if (matches(call, function)) {
                        found.put(call.id().hex(), call);
                        ended[0]++;
                    }
                    return ended[0] < limit;
                });
        return found.values().stream().limit(limit).toList();
    }

    private static boolean matches(CallInfo call, Optional<String> function) {
        return function.isEmpty() || function.get().equals(call.function());
    }

    /// Cancels a call: a waiting one is withdrawn, a running one is killed with its sandbox; one
    /// that has ended stays as it is.
    ///
    /// @return the call after its end, or as it stands if that takes over 10 seconds
    /// @throws QuernException as [#get(SpaceId, CallId)]
    public CallInfo cancel(SpaceId space, CallId id) {
        live(space, id).ifPresent(engine::cancel);
        return await(space, id, Duration.ofSeconds(10));
    }

    /// Reads what a call returned.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such call or it has no output
    @MustBeClosed
    public InputStream openOutput(SpaceId space, CallId id) {
        Optional<Blobs.Blob> output = calls.findOutput(space, id);
        if (output.isEmpty()) {
            CallStatus status = get(space, id).status();
            throw QuernException.notFound(
                    "call " + id + " has no output, it is " + status.wireName());
        }
        return new ByteArrayInputStream(calls.read(space, output.get()));
    }

    /// Instances that start, run, idle or end, for metrics.
    public int instanceCount() {
        return engine.instanceCount();
    }

    /// Which chunks its facts need.
    public ChunkRoots roots() {
        return roots;
    }

    /// Takes no more calls, lets running ones end for [FunctionBounds#drain], and kills every
    /// instance. Spawned calls that have not ended run when the service is opened again.
    @Override
    public void close() {
        engine.close();
        sandbox.close();
    }
}
