package dev.quern.vector;

/// A row that a search found.
///
/// @param row its vector has length 0 unless asked for; nothing but the id with
///   [SearchSpec#idsOnly]
/// @param score higher is better; see [SearchSpec]; comparable within one answer only
public record Hit(Row row, double score) {}
