package dev.quern.client;

import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One request before it is sent.
///
/// @param method HTTP method
/// @param target path and query, both encoded
/// @param contentType of the body, null without one
/// @param body makes the body anew for each attempt
/// @param retry when it may be sent again
/// @param waits whether the answer comes only when work is done, so that no timeout applies
record Request(
        String method,
        String target,
        @Nullable String contentType,
        Supplier<BodyPublisher> body,
        Retry retry,
        boolean waits) {

    static Request get(Target target) {
        return new Request(
                "GET", target.toString(), null, BodyPublishers::noBody, Retry.ALWAYS, false);
    }

    static Request delete(Target target) {
        return new Request(
                "DELETE", target.toString(), null, BodyPublishers::noBody, Retry.ALWAYS, false);
    }

    /// A request with a JSON body.
    static Request json(String method, Target target, Object value, Retry retry) {
        byte[] bytes = Json.write(value);
        return bytes(method, target, "application/json", bytes).retry(retry);
    }

    /// A request whose body is in memory; sent again only after `EXHAUSTED`.
    static Request bytes(String method, Target target, String contentType, byte[] bytes) {
        return new Request(
                method,
                target.toString(),
                contentType,
                () -> BodyPublishers.ofByteArray(bytes),
                Retry.IF_NOT_ADMITTED,
                false);
    }

    Request retry(Retry value) {
        return new Request(method, target, contentType, body, value, waits);
    }

    Request waiting() {
        return new Request(method, target, contentType, body, retry, true);
    }
}
