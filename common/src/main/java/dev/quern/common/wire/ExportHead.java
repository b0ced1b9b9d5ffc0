package dev.quern.common.wire;

/// The first line of `GET /v1/collections/{collection}/export`; each other line is a row with its
/// fields by their names.
///
/// @param schema the collection's fields
/// @param rows how many lines follow
public record ExportHead(SchemaBody schema, long rows) {}
