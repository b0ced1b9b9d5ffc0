package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.ArrayList;
import java.util.List;

/// One atomic change of facts within a space.
///
/// @param space the space whose facts it reads and writes
/// @param conditions all must hold, else `CONFLICT`
/// @param mutations applied in order
/// @param requires chunks that the new facts name; all must be stored (bytes first, then the
///   pointer)
public record Txn(
        SpaceId space,
        List<Condition> conditions,
        List<Mutation> mutations,
        List<ChunkId> requires) {
    /// Copies the lists.
    public Txn {
        conditions = List.copyOf(conditions);
        mutations = List.copyOf(mutations);
        requires = List.copyOf(requires);
    }

    /// The same, apart from arrays that others may change.
    Txn detached() {
        List<Mutation> own = new ArrayList<>(mutations.size());
        for (Mutation mutation : mutations) {
            own.add(
                    switch (mutation) {
                        case Mutation.Put(Key key, byte[] value, List<Key> indexed) ->
                                new Mutation.Put(key, value.clone(), indexed);
                        case Mutation.Append(Key prefix, byte[] value) ->
                                new Mutation.Append(prefix, value.clone());
                        case Mutation.Delete _, Mutation.DeleteThrough _ -> mutation;
                    });
        }
        return new Txn(space, conditions, own, requires);
    }

    /// Starts a transaction.
    public static Builder in(SpaceId space) {
        return new Builder(space);
    }

    /// What must be true of the state before.
    public sealed interface Condition {
        /// The key it is about.
        Key key();

        /// No fact at the key.
        record Absent(Key key) implements Condition {}

        /// Some fact at the key.
        record Exists(Key key) implements Condition {}

        /// The fact at the key was last written at this log index.
        record Version(Key key, long version) implements Condition {}
    }

    /// A change of the state.
    public sealed interface Mutation {
        /// Writes a fact.
        ///
        /// @param indexed keys under which [FactReader#scanIndex] finds it too, kept in step when
        ///   the fact is overwritten or removed; empty for none
        record Put(Key key, byte[] value, List<Key> indexed) implements Mutation {
            /// Copies the list.
            public Put {
                indexed = List.copyOf(indexed);
            }

            /// A fact that is found by its key alone.
            public Put(Key key, byte[] value) {
                this(key, value, List.of());
            }
        }

        /// Writes a fact at `prefix` + the log index + the mutation's position, both as
        /// [Key#number]: an ordered, conflict-free append.
        record Append(Key prefix, byte[] value) implements Mutation {}

        /// Removes a fact, if there is one.
        record Delete(Key key) implements Mutation {}

        /// Removes every fact whose key starts with all components of `prefix` and is at most
        /// `through` (the whole prefix when they are equal).
        record DeleteThrough(Key prefix, Key through) implements Mutation {
            /// Checks that `through` lies under `prefix`.
            public DeleteThrough {
                if (!through.startsWith(prefix)) {
                    throw QuernException.invalid(
                            "delete through " + through + " must lie under " + prefix);
                }
            }
        }
    }

    /// Collects the parts of a transaction. Not thread-safe.
    public static final class Builder {
        private final SpaceId space;
        private final List<Condition> conditions = new ArrayList<>();
        private final List<Mutation> mutations = new ArrayList<>();
        private final List<ChunkId> requires = new ArrayList<>();

        private Builder(SpaceId space) {
            this.space = space;
        }

        /// Adds a condition.
        public Builder when(Condition condition) {
            conditions.add(condition);
            return this;
        }

        /// Adds a mutation.
        public Builder then(Mutation mutation) {
            mutations.add(mutation);
            return this;
        }

        /// Writes a fact.
        public Builder put(Key key, byte[] value) {
            return then(new Mutation.Put(key, value));
        }

        /// Writes a fact that is found under other keys too.
        public Builder put(Key key, byte[] value, List<Key> indexed) {
            return then(new Mutation.Put(key, value, indexed));
        }

        /// Removes a fact.
        public Builder delete(Key key) {
            return then(new Mutation.Delete(key));
        }

        /// Names a chunk that must be stored.
        public Builder require(ChunkId chunk) {
            requires.add(chunk);
            return this;
        }

        /// The transaction.
        public Txn build() {
            return new Txn(space, conditions, mutations, requires);
        }
    }
}
