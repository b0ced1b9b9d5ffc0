package dev.quern.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quern.function.sandbox.SandboxProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/// A runner in its sandbox: speaks with it and judges how it ends. Used by one thread, but for
/// [#kill] and [#onExit].
final class RunnerProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LOG_PATIENCE = Duration.ofSeconds(1);

    /// Where it runs, for receipts.
    ///
    /// @param sandbox `bwrap`, `unshare` or `none`
    /// @param limits of the function
    /// @param maxProcesses in the sandbox
    record Setting(String sandbox, FunctionLimits limits, int maxProcesses) {}

    private final SandboxProcess process;
    private final Setting setting;
    private final JsonNode load;
    private final Deque<AutoCloseable> leases;
    private final LogTail logs = new LogTail();
    private final String secret;
    private final Thread reader;
    private long calls;
    private boolean usable = true;

    /// @param load header of the first frame
    /// @param leases what the process reads; closed after it, last opened first
    RunnerProcess(
            SandboxProcess process,
            Setting setting,
            JsonNode load,
            Deque<AutoCloseable> leases,
            RandomGenerator random) {
        this.process = process;
        this.setting = setting;
        this.load = load;
        this.leases = new ArrayDeque<>(leases);
        this.secret = HexFormat.of().toHexDigits(random.nextLong());
        this.reader =
                Thread.ofPlatform()
                        .daemon()
                        .name("quern-instance-logs")
                        .start(() -> logs.drain(process.errors()));
    }

    void kill() {
        process.kill();
    }

    void onExit(Runnable action) {
        process.onExit(action);
    }

    /// Whether another call can be given to it.
    boolean reusable() {
        return usable;
    }

    /// Loads the user's code.
    ///
    /// @param killedFor why this service killed the process, if it did
    /// @return empty when it is ready
    Optional<StartFailure> load(Duration patience, Supplier<Optional<FailureReason>> killedFor) {
        try {
            new Frame(load, new byte[0]).write(process.input());
            Frame reply = Frame.read(process.output());
            if (reply.op().equals("ready")) {
                return Optional.empty();
            }
            CallFailure failure = describe(reply, FailureReason.LOAD);
            JsonNode header = reply.header();
            return Optional.of(
                    new StartFailure(
                            failure, false, reply.text("file"), header.path("line").asInt()));
        } catch (IOException e) {
            CallFailure end = ending(killedFor.get(), "while the code was loaded", e);
            String printed = logs.take(LOG_PATIENCE).strip();
            String message =
                    end.message()
                            + (end.reason() == FailureReason.TIMEOUT ? " of " + patience : "")
                            + (printed.isEmpty() ? "" : "; it printed: " + tail(printed));
            FailureReason reason =
                    end.reason() == FailureReason.CRASH ? FailureReason.LOAD : end.reason();
            return Optional.of(new StartFailure(CallFailure.of(reason, message), false, "", 0));
        }
    }

    private static String tail(String text) {
        return text.length() <= 1000 ? text : "..." + text.substring(text.length() - 1000);
    }

    /// Runs a call.
    ///
    /// @param on the instance, for the receipt
    Outcome exchange(
            LiveCall call,
            Payload input,
            Instance on,
            Supplier<Optional<FailureReason>> killedFor) {
        long startNanos = System.nanoTime();
        boolean first = calls++ == 0;
        OptionalLong cpuBefore = process.cpuNanos();
        Optional<Frame> reply = Optional.empty();
        Optional<IOException> problem = Optional.empty();
        boolean sent = false;
        try {
            callFrame(call, input).write(process.input());
            sent = true;
            Frame answer = Frame.read(process.output());
            check(answer, call);
            reply = Optional.of(answer);
        } catch (IOException e) {
            problem = Optional.of(e);
            usable = false;
        }
        Duration run = Duration.ofNanos(System.nanoTime() - startNanos);
        Outcome outcome;
        if (reply.isPresent()) {
            outcome = answered(reply.get());
        } else {
            CallFailure end = ending(killedFor.get(), "during the call", problem.orElseThrow());
            if (!sent && end.reason() == FailureReason.CRASH) {
                return Outcome.lost(end);
            }
            outcome = Outcome.failed(end);
        }
        String printed = logs.take(LOG_PATIENCE);
        Receipts receipts = new Receipts(call, on, first, startNanos);
        CallReceipt receipt =
                receipts.make(
                        run,
                        cpu(cpuBefore, reply),
                        peak(reply),
                        input.bytes().length,
                        outcome.output().map(o -> o.bytes().length).orElse(0),
                        setting.sandbox());
        CallStatus status =
                outcome.failure().map(f -> f.reason() == FailureReason.TIMEOUT).orElse(false)
                        ? CallStatus.TIMED_OUT
                        : outcome.status();
        return new Outcome(
                status, outcome.output(), outcome.failure(), printed, Optional.of(receipt), false);
    }

    private Frame callFrame(LiveCall call, Payload input) {
        String marker = "\0quern " + secret + " " + calls + "\0";
        logs.begin(marker);
        ObjectNode header = JSON.createObjectNode().put("op", "call");
        header.put("id", call.id().hex());
        header.put("content_type", input.contentType());
        header.put("marker", marker);
        header.put("max_output", Payload.MAX_BYTES);
        return new Frame(header, input.bytes());
    }

    private static void check(Frame answer, LiveCall call) throws IOException {
        boolean known = answer.op().equals("result") || answer.op().equals("error");
        if (!known || !answer.text("id").equals(call.id().hex())) {
            throw new IOException("the runner's answer is of another call");
        }
        if (answer.op().equals("result")) {
            boolean typed = Payload.TYPES.contains(answer.text("content_type"));
            if (!typed || answer.body().length > Payload.MAX_BYTES) {
                throw new IOException("the runner's answer is of no known type or over the bound");
            }
        }
    }

    private Outcome answered(Frame reply) {
        if (reply.op().equals("result")) {
            Payload output = new Payload(reply.text("content_type"), reply.body());
            return new Outcome(
                    CallStatus.SUCCEEDED,
                    Optional.of(output),
                    Optional.empty(),
                    "",
                    Optional.empty(),
                    false);
        }
        return Outcome.failed(describe(reply, FailureReason.EXCEPTION));
    }

    private CallFailure describe(Frame reply, FailureReason reason) {
        boolean memory = reply.header().path("memory").asBoolean();
        StringBuilder message = new StringBuilder(cut(reply.text("message"), 2000));
        if (process.memoryExceeded()) {
            message.append("; a process was killed at the memory limit of ")
                    .append(setting.limits().memory());
        }
        if (process.processesExceeded()) {
            message.append("; the limit of ")
                    .append(setting.maxProcesses())
                    .append(" processes and threads was reached");
        }
        usable &= !memory && !process.memoryExceeded() && !process.processesExceeded();
        return new CallFailure(
                memory ? FailureReason.MEMORY : reason,
                cut(reply.text("type"), 500),
                message.toString(),
                cut(reply.text("traceback"), LogTail.MAX_BYTES),
                reply.body().length == 0 ? Optional.empty() : Optional.of(reply.body()));
    }

    private static String cut(String text, int max) {
        return text.length() <= max ? text : text.substring(0, max);
    }

    /// Why no answer came.
    private CallFailure ending(
            Optional<FailureReason> killedFor, String when, IOException problem) {
        usable = false;
        if (killedFor.isPresent()) {
            return switch (killedFor.get()) {
                case TIMEOUT ->
                        CallFailure.of(
                                FailureReason.TIMEOUT, "time limit passed " + when + limit());
                case CANCELLED -> CallStore.cancelledFailure();
                case EXCEPTION, MEMORY, CRASH, LOAD, REFUSED ->
                        CallFailure.of(killedFor.get(), "the service ended the process " + when);
            };
        }
        Optional<String> end = process.ending(Duration.ofSeconds(1));
        process.kill();
        logs.awaitEnd(LOG_PATIENCE);
        if (process.memoryExceeded()) {
            return CallFailure.of(
                    FailureReason.MEMORY,
                    "memory limit of " + setting.limits().memory() + " exceeded " + when);
        }
        String how =
                end.map(e -> "the process ended with " + e)
                        .orElse("the runner's pipe broke (" + problem.getMessage() + ")");
        return CallFailure.of(FailureReason.CRASH, how + " " + when);
    }

    private String limit() {
        double seconds = setting.limits().timeout().toMillis() / 1000.0;
        return String.format(Locale.ROOT, " (limit %.1f s)", seconds);
    }

    private Duration cpu(OptionalLong before, Optional<Frame> reply) {
        OptionalLong after = process.cpuNanos();
        if (before.isPresent() && after.isPresent()) {
            return Duration.ofNanos(Math.max(0, after.getAsLong() - before.getAsLong()));
        }
        return Duration.ofNanos(
                reply.map(r -> Math.max(0, r.header().path("cpu_nanos").asLong())).orElse(0L));
    }

    private long peak(Optional<Frame> reply) {
        return process.peakBytes()
                .orElseGet(() -> reply.map(r -> r.header().path("peak_bytes").asLong()).orElse(0L));
    }

    /// Kills the sandbox and gives the leases back.
    @Override
    public void close() {
        process.close();
        Leases.close(leases);
        try {
            reader.join(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
