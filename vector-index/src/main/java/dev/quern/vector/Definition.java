package dev.quern.vector;

import dev.quern.common.SpaceId;
import java.time.Instant;
import java.util.Optional;

/// What a collection is, as its fact says; only creation writes that fact. Its fields are in a
/// [Schema].
///
/// @param space where it lives
/// @param firstVector the vector field of a collection whose fact is of version 1
/// @param version log index of the fact: a condition of every write, so that none lands after a
///   delete
record Definition(
        SpaceId space,
        String name,
        String id,
        Instant createdAt,
        Optional<VectorField> firstVector,
        long version) {
    CollectionInfo info(Schema schema, long rows) {
        return new CollectionInfo(name, id, createdAt, schema.fields(), rows);
    }
}
