package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One hit.
///
/// @param id the row; in JSON a number where the collection's ids are `uint64`, here its digits
/// @param score higher is better; comparable within one answer only
/// @param text of the field `text`
/// @param attributes the row's attributes
/// @param vector of the field `vector`, when asked for
/// @param texts of the other text fields, by name
/// @param vectors of the other vector fields, by name, when asked for
/// @param version with `include_version`: the token of the write that stored the row
/// @param expiresAt with `include_version`, RFC 3339: when the row expires, if it does
/// @param legs with `explain`: the row's place in each leg, in the order of the legs
public record SearchHit(
        String id,
        double score,
        @Nullable String text,
        Map<String, Object> attributes,
        @Nullable List<Float> vector,
        @Nullable Map<String, String> texts,
        @Nullable Map<String, List<Float>> vectors,
        @Nullable Long version,
        @Nullable String expiresAt,
        @Nullable List<SearchPlace> legs) {}
