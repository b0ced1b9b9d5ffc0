package dev.quern.common.wire;

import java.util.List;

/// `POST /v1/functions/{function}/map`.
///
/// @param inputs 1 to 1,000
public record MapInputs(List<Payload> inputs) {}
