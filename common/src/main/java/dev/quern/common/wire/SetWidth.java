package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `PUT /v1/collections/{collection}/tune`: the width that searches of a field take unless they say
/// another.
///
/// @param field a vector field; null: the default one
/// @param width vertices of a graph to consider, 1 to 65,536
public record SetWidth(@Nullable String field, int width) {}
