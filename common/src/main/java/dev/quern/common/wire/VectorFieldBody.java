package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A vector field.
///
/// @param dims 1 to 16,384; may be absent in a request when `model` is given
/// @param metric `cosine` (default), `dot` or `l2`
/// @param model embedding model for rows and queries that come as text
/// @param source the text field that the model embeds; default `text`
public record VectorFieldBody(
        @Nullable Integer dims,
        @Nullable String metric,
        @Nullable String model,
        @Nullable String source) {}
