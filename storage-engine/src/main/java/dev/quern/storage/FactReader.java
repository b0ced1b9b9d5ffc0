package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.util.List;
import java.util.Optional;

/// Reads of facts: of the latest state ([MetaLog]) or of the state at one index ([FactView]). Each
/// limit is 1 to [#MAX_SCAN], else `INVALID`. Thread-safe.
public interface FactReader {
    /// The most that one scan gives.
    int MAX_SCAN = 10_000;

    /// The fact at a key.
    Optional<Fact> find(SpaceId space, Key key);

    /// Facts whose key starts with all components of `prefix`, in key order.
    ///
    /// @param after only keys greater than this one; empty for all
    /// @param limit at most so many
    default List<Fact> scan(SpaceId space, Key prefix, Optional<Key> after, int limit) {
        KeyRange under = KeyRange.under(prefix);
        return scan(space, after.map(under::after).orElse(under), limit);
    }

    /// Facts whose key is in a range, in its direction. To go on, ask for the same range
    /// [KeyRange#after] the last key (or [KeyRange#before] it, when descending).
    ///
    /// @param limit at most so many
    List<Fact> scan(SpaceId space, KeyRange range, int limit);

    /// Facts that were put with an index key that starts with all components of `prefix`, in the
    /// order of these index keys, then of their own; a fact comes once for each such index key.
    /// Each fact is as it was at some time during the scan; in a [FactView], at its index.
    ///
    /// @param after only what comes after this; empty for all
    /// @param limit at most so many
    List<IndexedFact> scanIndex(
            SpaceId space, Key prefix, Optional<IndexPosition> after, int limit);

    /// The spaces that have facts, in order of their names.
    ///
    /// @param after only spaces whose name is greater; empty for all
    /// @param limit at most so many
    List<SpaceId> spaces(Optional<SpaceId> after, int limit);

    /// The different first components of a space's keys, in order; there are few of them.
    List<String> kinds(SpaceId space);

    /// A fact found through a secondary index.
    ///
    /// @param at the index key, and the fact's own
    /// @param fact the fact
    record IndexedFact(IndexPosition at, Fact fact) {}
}
