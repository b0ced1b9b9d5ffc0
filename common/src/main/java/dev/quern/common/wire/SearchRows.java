package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/search`.
///
/// @param mode `dense`, `bm25` or `hybrid`; default `hybrid` with text, `dense` with a vector alone
/// @param text the query; embedded by the collection's model for the dense leg
/// @param vector for the dense leg, instead of embedding `text`
/// @param limit 1 to 1,000, default 10
/// @param filter `{"eq":[field,value]}`, `{"in":[field,[values]]}`,
///   `{"range":[field,{"gte":..,"gt":..,"lte":..,"lt":..}]}`, `{"and":[..]}`, `{"or":[..]}`,
///   `{"not":..}`
/// @param includeVector default false
/// @param exact dense leg by exact scan instead of the graph; default false
public record SearchRows(
        @Nullable String mode,
        @Nullable String text,
        @Nullable List<Float> vector,
        @Nullable Integer limit,
        @Nullable Object filter,
        @Nullable Boolean includeVector,
        @Nullable Boolean exact) {}
