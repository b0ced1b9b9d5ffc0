package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `GET /v1/collections/{collection}/rows`.
///
/// @param rows in id order
/// @param next pass as `after` for the next page; null at the end
public record RowPage(List<RowBody> rows, @Nullable String next) {}
