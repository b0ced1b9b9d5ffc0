package dev.quern.function;

import dev.quern.common.SpaceId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A call that has not ended. The engine moves it on; whoever waits holds one of its futures.
final class LiveCall {
    private final CallId id;
    private final Deployment deployment;
    private final Instant createdAt;
    private final OptionalInt index;
    private final Optional<Stored> stored;
    private final Supplier<Payload> input;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final CompletableFuture<CallInfo> done = new CompletableFuture<>();
    private volatile CallStatus status = CallStatus.QUEUED;
    private volatile boolean cancelled;
    private volatile int attempt;
    private volatile int losses;
    private volatile long submittedNanos;
    private volatile Optional<Instance> instance = Optional.empty();

    /// Where the input of a call in the durable queue is.
    record Stored(String contentType, Blobs.Blob input) {}

    /// @param stored present when it is a fact and runs again after a restart
    /// @param input reads the input, when it is needed
    LiveCall(
            CallId id,
            Deployment deployment,
            Instant createdAt,
            OptionalInt index,
            Optional<Stored> stored,
            Supplier<Payload> input) {
        this.id = id;
        this.deployment = deployment;
        this.createdAt = createdAt;
        this.index = index;
        this.stored = stored;
        this.input = input;
    }

    CallId id() {
        return id;
    }

    SpaceId space() {
        return deployment.space();
    }

    Deployment deployment() {
        return deployment;
    }

    Instant createdAt() {
        return createdAt;
    }

    OptionalInt index() {
        return index;
    }

    boolean spawned() {
        return stored.isPresent();
    }

    Stored stored() {
        return stored.orElseThrow();
    }

    Payload input() {
        return input.get();
    }

    /// Completes when an instance has ended the call, or it ended without one.
    CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    /// Completes when the end is durable.
    CompletableFuture<CallInfo> done() {
        return done;
    }

    boolean cancelled() {
        return cancelled;
    }

    void cancel() {
        cancelled = true;
    }

    int attempt() {
        return attempt;
    }

    /// Runs that the service or its machine, not the function, ended.
    int losses() {
        return losses;
    }

    void history(int attempts, int lost) {
        attempt = attempts;
        losses = lost;
    }

    long submittedNanos() {
        return submittedNanos;
    }

    void queued(long nowNanos) {
        submittedNanos = nowNanos;
        status = CallStatus.QUEUED;
        instance = Optional.empty();
    }

    void running(Instance on) {
        int next = attempt + 1; // only the engine moves a call, one step at a time
        attempt = next;
        instance = Optional.of(on);
        status = CallStatus.RUNNING;
    }

    Optional<Instance> instance() {
        return instance;
    }

    /// As it stands now.
    CallInfo info() {
        return new CallInfo(
                id,
                deployment.info().name(),
                deployment.info().version(),
                status,
                createdAt,
                index,
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.empty());
    }

    /// As it has ended.
    CallInfo info(Outcome end) {
        return new CallInfo(
                id,
                deployment.info().name(),
                deployment.info().version(),
                end.status(),
                createdAt,
                index,
                end.output()
                        .map(o ->
                                new CallOutput(
                                        o.contentType(), o.bytes().length, Optional.of(o.bytes()))),
                end.failure(),
                end.logs(),
                end.receipt());
    }

    /// Time since it was queued, at least zero.
    Duration waited(long nowNanos) {
        return Duration.ofNanos(Math.max(0, nowNanos - submittedNanos));
    }
}
