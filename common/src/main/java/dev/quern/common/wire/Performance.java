package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// What a request cost at the server.
///
/// @param serverMs from the first look at the request's body to the answer
/// @param rows of a search: live rows of the collection
/// @param compared of a search: rows that the legs which were run exactly compared one by one;
///   absent where no leg was, or nobody counted
/// @param bodyBytes of a write: the request's body
public record Performance(
        double serverMs, @Nullable Long rows, @Nullable Long compared, @Nullable Long bodyBytes) {}
