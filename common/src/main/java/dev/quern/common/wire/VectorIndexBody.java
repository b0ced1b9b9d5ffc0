package dev.quern.common.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How the vectors of a field are indexed. Those that no graph finds are compared one by one; rows
/// that were deleted since their segment was written are counted.
///
/// @param rows with a vector in the field
/// @param fusedRows of these in fused graphs
/// @param hotRows of these last, those in graphs that lie in hot memory
/// @param hnswRows in Lucene's graphs
/// @param formats rows by how they are kept: `flat`, `fused`, `int8`, `int4`, `bit`, `float32`
/// @param recall of recent searches, as far as it was compared
/// @param tuned the width that was tuned or set by hand, if it was
public record VectorIndexBody(
        long rows,
        long fusedRows,
        long hotRows,
        long hnswRows,
        Map<String, Long> formats,
        @Nullable RecallBody recall,
        @Nullable TunedWidthBody tuned) {}
