package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/calls`.
///
/// @param calls newest first, without output and logs
public record CallList(List<CallBody> calls) {}
