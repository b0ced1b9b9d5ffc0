package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One hit.
///
/// @param id the row
/// @param score higher is better; comparable within one answer only
/// @param text the row's text
/// @param attributes the row's attributes
/// @param vector when asked for
public record SearchHit(
        String id,
        double score,
        @Nullable String text,
        Map<String, Object> attributes,
        @Nullable List<Float> vector) {}
