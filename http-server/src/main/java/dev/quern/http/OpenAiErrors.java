package dev.quern.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quern.common.ErrorKind;
import org.jspecify.annotations.Nullable;

/// Errors of the OpenAI-compatible routes, in the shape that OpenAI's clients read.
final class OpenAiErrors {
    private OpenAiErrors() {}

    /// `{"error": {...}}`.
    ///
    /// @param error what went wrong
    record Body(Detail error) {}

    /// What went wrong.
    ///
    /// @param message for people
    /// @param type class of error, such as `invalid_request_error`
    /// @param param the parameter at fault; Quern names it in the message
    /// @param code such as `model_not_found`
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Detail(String message, String type, @Nullable String param, @Nullable String code) {}

    /// Whether a path belongs to the OpenAI-compatible routes.
    static boolean covers(String rawPath) {
        return rawPath.equals("/v1/embeddings")
                || rawPath.equals("/v1/models")
                || rawPath.startsWith("/v1/models/");
    }

    static Reply reply(Failure failure) {
        Detail detail = new Detail(failure.message(), type(failure.kind()), null, code(failure));
        return failure.addHeaders(Reply.json(failure.status(), new Body(detail)));
    }

    private static String type(ErrorKind kind) {
        return switch (kind) {
            case INVALID, DENIED, NOT_FOUND, CONFLICT, FENCED -> "invalid_request_error";
            case EXHAUSTED -> "rate_limit_error";
            case UNAVAILABLE, CORRUPT, INTERNAL -> "server_error";
        };
    }

    private static @Nullable String code(Failure failure) {
        return switch (failure.kind()) {
            case DENIED -> "invalid_api_key";
            case NOT_FOUND -> "model_not_found";
            case EXHAUSTED -> "rate_limit_exceeded";
            case INVALID -> failure.status() == 413 ? "request_too_large" : null;
            case UNAVAILABLE, CONFLICT, FENCED, CORRUPT, INTERNAL -> null;
        };
    }
}
