package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/functions`.
///
/// @param functions in name order
public record FunctionList(List<FunctionBody> functions) {}
