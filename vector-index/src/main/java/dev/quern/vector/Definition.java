package dev.quern.vector;

import dev.quern.common.SpaceId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a collection is, as its fact says. A change of its names and a rollback write that fact
/// anew; the id stays. Its fields are in a [Schema].
///
/// @param space where it lives
/// @param firstVector the vector field of a collection whose fact is of version 1
/// @param aliases other names, in order
/// @param epoch token of the last rollback; 0 before the first
/// @param version log index of the fact: a condition of every write, so that none lands under a
///   name that is gone, or in rows that a rollback took away
record Definition(
        SpaceId space,
        String name,
        String id,
        Instant createdAt,
        Optional<VectorField> firstVector,
        List<String> aliases,
        long epoch,
        long version) {
    Definition {
        aliases = List.copyOf(aliases);
    }

    CollectionInfo info(Schema schema, long rows) {
        return new CollectionInfo(name, id, createdAt, schema.fields(), rows, aliases, epoch);
    }

    Definition withName(String other) {
        return new Definition(space, other, id, createdAt, firstVector, aliases, epoch, version);
    }

    Definition withAliases(List<String> others) {
        return new Definition(space, name, id, createdAt, firstVector, others, epoch, version);
    }

    Definition withVersion(long other) {
        return new Definition(space, name, id, createdAt, firstVector, aliases, epoch, other);
    }

    Definition rolledBack(long token) {
        return new Definition(space, name, id, createdAt, firstVector, aliases, token, version);
    }
}
