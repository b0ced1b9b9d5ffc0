package dev.quern.common.wire;

import java.util.List;

/// `POST /v1/collections/{collection}/upsert`.
///
/// @param rows 1 to 10,000
public record UpsertRows(List<RowBody> rows) {}
