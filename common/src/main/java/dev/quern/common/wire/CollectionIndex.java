package dev.quern.common.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `GET /v1/collections/{collection}/stats`: how the rows are indexed now.
///
/// @param rows live rows
/// @param segments of the index; an idle collection comes to few
/// @param merging whether segments are being merged
/// @param vectors by vector field
/// @param history how far back the collection can be read; absent in a read of what was
public record CollectionIndex(
        long rows,
        int segments,
        boolean merging,
        Map<String, VectorIndexBody> vectors,
        @Nullable HistoryBody history) {}
