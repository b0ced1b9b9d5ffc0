package dev.quern.common.wire;

import java.util.Map;

/// The body of every error response outside the OpenAI-compatible routes.
///
/// @param code an [dev.quern.common.ErrorKind] name
/// @param message what happened, to which thing, what was expected and what came
/// @param details particulars such as `request_id` and `retry_after_ms`
public record ErrorBody(String code, String message, Map<String, Object> details) {}
