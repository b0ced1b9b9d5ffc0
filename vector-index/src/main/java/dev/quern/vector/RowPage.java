package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A stretch of a collection's rows.
///
/// @param rows in the order of their ids' UTF-8 bytes; fewer than asked for when they are big
/// @param next pass as `after` for the next page; empty at the end
public record RowPage(List<Row> rows, Optional<String> next) {}
