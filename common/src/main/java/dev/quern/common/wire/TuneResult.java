package dev.quern.common.wire;

import java.util.Map;

/// Answer to `POST /v1/collections/{collection}/tune`.
///
/// @param fields by vector field
public record TuneResult(Map<String, FieldTuningBody> fields) {}
