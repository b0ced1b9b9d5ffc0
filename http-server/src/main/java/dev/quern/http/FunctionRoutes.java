package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.wire.ArtifactBody;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.FunctionList;
import dev.quern.common.wire.MapInputs;
import dev.quern.function.ArtifactInfo;
import dev.quern.function.CallInfo;
import dev.quern.function.FunctionService;
import dev.quern.function.Payload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Artifacts, functions, and the three ways to call one.
final class FunctionRoutes {
    private static final int MAX_INPUTS = 1000;
    private static final String NO_ARGUMENTS = "{\"args\":[]}";

    private final FunctionService functions;
    private final CallOutputs outputs;

    FunctionRoutes(FunctionService functions, CallOutputs outputs) {
        this.functions = functions;
        this.outputs = outputs;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/artifacts", this::putArtifact),
                Route.of("GET", "/v1/functions", this::list),
                Route.of("PUT", "/v1/functions/{function}", this::deploy),
                Route.of("GET", "/v1/functions/{function}", this::get),
                Route.of("DELETE", "/v1/functions/{function}", this::delete),
                Route.of("POST", "/v1/functions/{function}/call", this::call),
                Route.of("POST", "/v1/functions/{function}/spawn", this::spawn),
                Route.of("POST", "/v1/functions/{function}/map", this::map));
    }

    private Reply putArtifact(Request request) {
        request.query().allow();
        ArtifactInfo artifact = functions.putArtifact(request.space(), request.body());
        return Reply.json(201, new ArtifactBody(artifact.id().hex(), artifact.sizeBytes()));
    }

    private Reply list(Request request) {
        request.query().allow();
        return Reply.json(
                new FunctionList(
                        functions.list(request.space()).stream()
                                .map(FunctionWire::function)
                                .toList()));
    }

    private Reply deploy(Request request) throws IOException {
        request.query().allow();
        DeployFunction body = request.json(DeployFunction.class);
        return Reply.json(
                FunctionWire.function(
                        functions.deploy(
                                request.space(),
                                request.path("function"),
                                FunctionWire.spec(body))));
    }

    private Reply get(Request request) {
        request.query().allow();
        return Reply.json(
                FunctionWire.function(functions.get(request.space(), request.path("function"))));
    }

    private Reply delete(Request request) {
        request.query().allow();
        functions.delete(request.space(), request.path("function"));
        return Reply.empty(204);
    }

    private Reply call(Request request) throws IOException {
        CallInfo call = functions.call(request.space(), request.path("function"), payload(request));
        return Reply.json(outputs.body(request.space(), call));
    }

    private Reply spawn(Request request) throws IOException {
        CallInfo call =
                functions.spawn(request.space(), request.path("function"), payload(request));
        return Reply.json(202, outputs.body(request.space(), call));
    }

    /// The request's body as an input. Its content type is kept for the service to judge; without
    /// one it is JSON, and without a body too it is a call without arguments.
    private static Payload payload(Request request) throws IOException {
        request.query().allow();
        String type = request.mediaType().orElse(Payload.JSON);
        byte[] bytes = request.bytes("the input", Payload.MAX_BYTES);
        if (!type.equals(Payload.JSON)) {
            return new Payload(type, bytes);
        }
        if (bytes.length == 0) {
            return new Payload(type, NO_ARGUMENTS.getBytes(StandardCharsets.US_ASCII));
        }
        Json.requireValue(bytes);
        return new Payload(type, bytes);
    }

    private Reply map(Request request) throws IOException {
        request.query().allow();
        List<dev.quern.common.wire.Payload> wire = request.json(MapInputs.class).inputs();
        if (wire.isEmpty() || wire.size() > MAX_INPUTS) {
            throw QuernException.invalid(
                    "'inputs' must have 1 to " + MAX_INPUTS + " elements, got " + wire.size());
        }
        List<Payload> inputs = new ArrayList<>(wire.size());
        for (int i = 0; i < wire.size(); i++) {
            inputs.add(CallWire.input(wire.get(i), i));
        }
        return Ndjson.reply(lines ->
                functions.map(
                        request.space(),
                        request.path("function"),
                        inputs,
                        call -> lines.write(outputs.body(request.space(), call))));
    }
}
