package dev.quern.vector;

import java.util.Optional;

/// Which rows a read means.
///
/// @param name of a collection, or an alias
/// @param at a snapshot of it by name, or of its history the token of a write or a moment (RFC
///   3339); empty: the rows as they are now
/// @param consistency of the rows as they are now; what was is what it was
public record CollectionRef(String name, Optional<String> at, Consistency consistency) {
    /// With every acknowledged write.
    public CollectionRef(String name, Optional<String> at) {
        this(name, at, Consistency.strong());
    }

    /// The rows as they are now.
    public static CollectionRef of(String name) {
        return new CollectionRef(name, Optional.empty());
    }

    /// The rows as a snapshot has them.
    public static CollectionRef at(String name, String snapshot) {
        return new CollectionRef(name, Optional.of(snapshot));
    }

    /// The same with another consistency.
    public CollectionRef with(Consistency other) {
        return new CollectionRef(name, at, other);
    }
}
