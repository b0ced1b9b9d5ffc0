package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A ranking by nearness of vectors; rows without a vector in the field are not in it.
///
/// @param field a vector field; default `vector`, or the only one
/// @param text embedded by the field's model when there is no vector
/// @param vector one finite number per dimension
/// @param exact by exact scan instead of the graph; default false
public record SearchDense(
        @Nullable String field,
        @Nullable String text,
        @Nullable List<Float> vector,
        @Nullable Boolean exact) {}
