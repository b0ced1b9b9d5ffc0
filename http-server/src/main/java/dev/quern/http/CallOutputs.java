package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.CallBody;
import dev.quern.function.CallId;
import dev.quern.function.CallInfo;
import dev.quern.function.FunctionService;
import java.io.IOException;
import java.io.InputStream;

/// Puts a call's output into its body, reading it from the store when the service has not got it at
/// hand.
final class CallOutputs {
    private final FunctionService functions;

    CallOutputs(FunctionService functions) {
        this.functions = functions;
    }

    CallBody body(SpaceId space, CallInfo call) {
        return CallWire.call(call, id -> read(space, id));
    }

    private byte[] read(SpaceId space, CallId id) {
        try (InputStream in = functions.openOutput(space, id)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw QuernException.internal("cannot read the output of call " + id, e);
        }
    }
}
