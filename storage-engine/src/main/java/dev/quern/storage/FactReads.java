package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Answers reads from a state. As thread-safe as the state.
abstract class FactReads implements FactReader {
    private final FactState state;

    /// @param state stays the caller's
    FactReads(FactState state) {
        this.state = state;
    }

    @Override
    public Optional<Fact> find(SpaceId space, Key key) {
        byte[] value = state.get(FactFormat.key(space, key));
        return value == null ? Optional.empty() : Optional.of(FactFormat.fact(key, value));
    }

    @Override
    public List<Fact> scan(SpaceId space, KeyRange range, int limit) {
        requireLimit(limit);
        List<Fact> facts = new ArrayList<>();
        state.scan(
                FactFormat.inSpace(space, range.from()),
                FactFormat.inSpace(space, range.to()),
                range.isDescending(),
                (key, value) -> {
                    facts.add(FactFormat.fact(space, key, value));
                    return facts.size() < limit;
                });
        return facts;
    }

    @Override
    public List<IndexedFact> scanIndex(
            SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
        requireLimit(limit);
        byte[] to = FactFormat.indexTo(space, prefix);
        byte[] from = FactFormat.indexFrom(space, prefix);
        if (after.isPresent()) {
            IndexPosition at = after.get();
            from = later(from, FactFormat.indexEntry(space, at.indexKey(), at.key()));
        }
        List<IndexedFact> found = new ArrayList<>();
        boolean more = true;
        while (more && found.size() < limit) {
            List<byte[]> entries = entries(from, to, limit - found.size());
            for (byte[] entry : entries) {
                add(space, FactFormat.indexPosition(space, entry), found);
                from = later(from, entry);
            }
            more = !entries.isEmpty();
        }
        return found;
    }

    private static byte[] later(byte[] from, byte[] entry) {
        byte[] next = FactFormat.after(entry);
        return Arrays.compareUnsigned(next, from) > 0 ? next : from;
    }

    private List<byte[]> entries(byte[] from, byte[] to, int limit) {
        List<byte[]> entries = new ArrayList<>();
        state.scan(
                from,
                to,
                false,
                (entry, _) -> {
                    entries.add(entry);
                    return entries.size() < limit;
                });
        return entries;
    }

    /// The fact may have been changed since its entry was seen.
    private void add(SpaceId space, IndexPosition at, List<IndexedFact> found) {
        Optional<Fact> fact = find(space, at.key());
        if (fact.isPresent() && fact.get().indexed().contains(at.indexKey())) {
            found.add(new IndexedFact(at, fact.get()));
        }
    }

    /// Looks at one fact of each space.
    @Override
    public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        requireLimit(limit);
        List<SpaceId> spaces = new ArrayList<>();
        byte[] from = after.map(FactFormat::afterSpace).orElse(FactFormat.firstFact());
        boolean more = true;
        while (more && spaces.size() < limit) {
            int before = spaces.size();
            state.scan(
                    from,
                    FactFormat.afterFacts(),
                    false,
                    (key, _) -> {
                        spaces.add(FactFormat.space(key));
                        return false;
                    });
            more = spaces.size() > before;
            from = more ? FactFormat.afterSpace(spaces.getLast()) : from;
        }
        return spaces;
    }

    /// Looks at one fact of each kind.
    @Override
    public List<String> kinds(SpaceId space) {
        List<String> kinds = new ArrayList<>();
        List<Fact> first = scan(space, KeyRange.all(), 1);
        while (!first.isEmpty()) {
            Key kind = Key.of(first.getFirst().key().components().getFirst());
            kinds.add(kind.last());
            first = scan(space, KeyRange.all().afterAll(kind), 1);
        }
        return kinds;
    }

    private static void requireLimit(int limit) {
        if (limit < 1 || limit > MAX_SCAN) {
            throw QuernException.invalid("scan limit must be 1 to " + MAX_SCAN + ", got " + limit);
        }
    }
}
