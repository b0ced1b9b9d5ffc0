package dev.quern.client;

import dev.quern.common.QuernException;
import dev.quern.common.wire.ArtifactBody;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.FunctionBody;
import dev.quern.common.wire.FunctionList;
import dev.quern.common.wire.MapInputs;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/// Functions: code that runs on the server, in a sandboxed process, next to the files it reads.
public final class Functions {
    private final HttpTransport http;

    Functions(HttpTransport http) {
        this.http = http;
    }

    /// Uploads code: a `.jar`, or a `.zip` of Python sources, at most 256 MiB.
    public ArtifactBody putArtifact(Path file) {
        Upload upload = Upload.of(file);
        return http.json(
                new Request(
                        "POST",
                        Target.of("artifacts").toString(),
                        "application/octet-stream",
                        upload.body(),
                        upload.retry(),
                        true),
                ArtifactBody.class);
    }

    /// Deploys a function, as a new version when there is one of this name.
    public FunctionBody deploy(String name, DeployFunction request) {
        return http.json(
                Request.json("PUT", Target.of("functions", name), request, Retry.IF_NOT_ADMITTED),
                FunctionBody.class);
    }

    /// The function of this name.
    ///
    /// @throws QuernException `NOT_FOUND` if there is none
    public FunctionBody get(String name) {
        return http.json(Request.get(Target.of("functions", name)), FunctionBody.class);
    }

    /// All functions in name order.
    public List<FunctionBody> list() {
        return http.json(Request.get(Target.of("functions")), FunctionList.class).functions();
    }

    /// Deletes a function.
    ///
    /// @throws QuernException `NOT_FOUND` if there is none
    public void delete(String name) {
        http.run(Request.delete(Target.of("functions", name)));
    }

    /// Calls and waits for the end, however it ends: look at the answer's `status`.
    public CallBody call(String name, CallInput input) {
        return http.json(start(name, "call", input).waiting(), CallBody.class);
    }

    /// Calls with JSON arguments and reads the value that the function returned.
    ///
    /// @param type what the value's JSON is read as
    /// @throws CallFailedException if the call did not succeed
    public <T> T call(String name, Class<T> type, Object... args) {
        CallBody call = call(name, CallInput.args(args));
        return new Calls(http).output(call, type);
    }

    /// Queues a call, durably; [Calls#await] waits for its end.
    public CallBody spawn(String name, CallInput input) {
        return http.json(start(name, "spawn", input), CallBody.class);
    }

    /// Calls once for each input and waits for all.
    ///
    /// @param inputs 1 to 1,000, in memory; together at most 64 MiB when written as JSON
    /// @param done called on this thread for each call as it ends; `index` tells which input
    public void map(String name, List<CallInput> inputs, Consumer<CallBody> done) {
        if (inputs.isEmpty()) {
            return;
        }
        MapInputs body = new MapInputs(inputs.stream().map(CallInput::toPayload).toList());
        Request request =
                Request.json(
                                "POST",
                                Target.of("functions", name, "map"),
                                body,
                                Retry.IF_NOT_ADMITTED)
                        .waiting();
        Countdown left = new Countdown(inputs.size());
        Ndjson.last(
                http,
                request,
                CallBody.class,
                call -> {
                    done.accept(call);
                    return left.isLast();
                });
    }

    private static Request start(String name, String verb, CallInput input) {
        return Request.bytes(
                "POST", Target.of("functions", name, verb), input.contentType(), input.bytes());
    }

    private static final class Countdown {
        private int left;

        Countdown(int count) {
            left = count;
        }

        boolean isLast() {
            return --left == 0;
        }
    }
}
