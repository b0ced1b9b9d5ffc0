package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What tuning a vector field came to.
///
/// @param outcome `reached`, `unreached`, `exact`, `out_of_time` or `cancelled`
/// @param message the same in words
/// @param width that was chosen; null where none was found, or none is needed
/// @param kept whether searches of the field that say no width take it from now on
/// @param steps the widths that were tried, narrowest first
/// @param rows of the collection
/// @param liveQueries queries compared that were sampled from recent searches
/// @param storedQueries queries compared that are vectors of stored rows, each left out of its own
///   answers
public record FieldTuningBody(
        String outcome,
        String message,
        @Nullable Integer width,
        boolean kept,
        List<TuneStep> steps,
        long rows,
        int liveQueries,
        int storedQueries) {}
