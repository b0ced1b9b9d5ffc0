package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CallList;
import dev.quern.function.CallId;
import dev.quern.function.CallInfo;
import dev.quern.function.CallOutput;
import dev.quern.function.FunctionService;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// Calls: where they stand, waiting for one, its output, cancelling it.
final class CallRoutes {
    private static final int MAX_CALLS = 1000;
    private static final double MAX_WAIT_SECONDS = 60;
    private static final long WAIT_SLICE_MILLIS = 500;

    private final FunctionService functions;
    private final CallOutputs outputs;

    CallRoutes(FunctionService functions, CallOutputs outputs) {
        this.functions = functions;
        this.outputs = outputs;
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/calls", this::list),
                Route.of("GET", "/v1/calls/{call}", this::get),
                Route.of("GET", "/v1/calls/{call}/output", this::output),
                Route.of("POST", "/v1/calls/{call}/cancel", this::cancel));
    }

    private Reply list(Request request) {
        Query query = request.query().allow("function", "limit");
        List<CallInfo> calls =
                functions.list(
                        request.space(),
                        query.text("function"),
                        query.integer("limit", 100, 1, MAX_CALLS));
        return Reply.json(new CallList(calls.stream().map(CallWire::brief).toList()));
    }

    private Reply get(Request request) {
        double wait =
                request.query()
                        .allow("wait_seconds")
                        .number("wait_seconds", 0, 0, MAX_WAIT_SECONDS);
        CallId id = id(request);
        return Reply.json(outputs.body(request.space(), await(request, id, (long) (wait * 1000))));
    }

    /// Waits in slices, so that nobody waits for a client that has left, nor a closing server for
    /// its clients.
    private CallInfo await(Request request, CallId id, long waitMillis) {
        CallInfo call = functions.get(request.space(), id);
        long left = waitMillis;
        while (left > 0 && !call.status().finished() && !request.abandoned().getAsBoolean()) {
            long slice = Math.min(left, WAIT_SLICE_MILLIS);
            call = functions.await(request.space(), id, Duration.ofMillis(slice));
            left -= slice;
        }
        return call;
    }

    private Reply output(Request request) {
        request.query().allow();
        CallId id = id(request);
        CallInfo call = functions.get(request.space(), id);
        if (!call.status().finished()) {
            throw new QuernException(
                    ErrorKind.CONFLICT,
                    "call " + id + " is " + call.status().wireName() + ", it has no output yet");
        }
        CallOutput output =
                call.output()
                        .orElseThrow(() ->
                                QuernException.notFound(
                                        "call "
                                                + id
                                                + " "
                                                + call.status().wireName()
                                                + ", it has no output"));
        return new Reply(
                200,
                Map.of("x-content-type-options", "nosniff"),
                new Reply.Streamed(
                        output.contentType(),
                        OptionalLong.of(output.sizeBytes()),
                        sink -> {
                            try (InputStream in = functions.openOutput(request.space(), id)) {
                                in.transferTo(sink);
                            }
                        }));
    }

    private Reply cancel(Request request) {
        request.query().allow();
        return Reply.json(
                outputs.body(request.space(), functions.cancel(request.space(), id(request))));
    }

    /// A text that cannot be a call's id names no call.
    private static CallId id(Request request) {
        String text = request.path("call");
        try {
            return new CallId(text);
        } catch (QuernException e) {
            throw new QuernException(
                    ErrorKind.NOT_FOUND, "no call \"" + Names.abbreviate(text) + "\"", e);
        }
    }
}
