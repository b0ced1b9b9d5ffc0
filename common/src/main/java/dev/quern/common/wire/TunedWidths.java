package dev.quern.common.wire;

import java.util.Map;

/// `GET /v1/collections/{collection}/tune`: the widths that were tuned or set by hand.
///
/// @param widths by vector field; those that have none take the default
public record TunedWidths(Map<String, TunedWidthBody> widths) {}
