package dev.quern.http;

import dev.quern.common.ErrorKind;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;

/// Says what the parser did not like about a request's head.
final class BrokenRequest {
    private BrokenRequest() {}

    static Failure failure(HttpServerRequest request, String requestId) {
        Throwable cause = request.decoderResult().cause();
        int status;
        String message;
        if (cause instanceof TooLongHttpLineException) {
            status = 414;
            message = "request target is over " + HttpServer.MAX_LINE_BYTES + " bytes";
        } else if (cause instanceof TooLongHttpHeaderException) {
            status = 431;
            message = "request headers are over " + HttpServer.MAX_HEADER_BYTES + " bytes";
        } else {
            status = 400;
            message = "malformed HTTP request";
        }
        return new Failure(
                status,
                ErrorKind.INVALID,
                message,
                Map.of("request_id", requestId),
                Map.of("connection", "close"));
    }
}
