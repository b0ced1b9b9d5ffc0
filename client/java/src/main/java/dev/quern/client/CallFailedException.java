package dev.quern.client;

import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CallError;

/// A function was called and did not return: it threw, ran too long, used too much memory or was
/// cancelled. The message tells the reason, the exception's class and the remote traceback.
public final class CallFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient CallBody call;

    CallFailedException(CallBody call) {
        super(describe(call));
        this.call = call;
    }

    /// The call, with its error, logs and receipt.
    public CallBody call() {
        return call;
    }

    private static String describe(CallBody call) {
        String which = "call " + call.id() + " of " + call.function() + " " + call.status();
        CallError error = call.error();
        if (error == null) {
            return which;
        }
        String type =
                error.type() == null || error.type().isEmpty() ? error.reason() : error.type();
        String trace = error.traceback() == null ? "" : error.traceback().strip();
        return which
                + ": "
                + type
                + ": "
                + error.message()
                + (trace.isEmpty() ? "" : "\nremote traceback:\n" + trace);
    }
}
