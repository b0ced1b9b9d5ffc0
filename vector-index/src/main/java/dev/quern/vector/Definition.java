package dev.quern.vector;

import dev.quern.common.SpaceId;
import java.time.Instant;
import java.util.Optional;

/// What a collection is, as its fact says; only creation writes that fact.
///
/// @param space where it lives
/// @param version log index of the fact: a condition of every write, so that none lands after a
///   delete
record Definition(
        SpaceId space,
        String name,
        String id,
        Instant createdAt,
        int dims,
        Metric metric,
        Optional<String> model,
        long version) {
    boolean matches(CollectionSpec spec) {
        return dims == spec.dims() && metric == spec.metric() && model.equals(spec.model());
    }

    CollectionInfo info(long rows) {
        return new CollectionInfo(name, id, createdAt, dims, metric, model, rows);
    }

    /// For messages.
    String shape() {
        return dims + " dims, " + metric + model.map(m -> ", model " + m).orElse("");
    }
}
