package dev.quern.vector;

import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The facts under a key in all spaces, a bounded number in a round; the next round goes on from
/// there, after the last fact at the first one again. Not thread-safe.
final class FactRounds {
    private static final int PAGE = 100;

    private final MetaLog facts;
    private final Key prefix;
    private final int max;

    /// The last fact of the last round that did not come to the end.
    private Optional<Found> from = Optional.empty();

    /// A fact.
    record Found(SpaceId space, MetaLog.Fact fact) {}

    /// @param max facts in a round
    FactRounds(MetaLog facts, Key prefix, int max) {
        this.facts = facts;
        this.prefix = prefix;
        this.max = max;
    }

    /// The next facts.
    List<Found> next() {
        List<Found> found = new ArrayList<>();
        for (SpaceId space : spaces()) {
            Optional<Key> after =
                    from.filter(last -> last.space().equals(space)).map(last -> last.fact().key());
            add(space, after, found);
            if (found.size() >= max) {
                break;
            }
        }
        from = found.size() < max ? Optional.empty() : Optional.of(found.getLast());
        return found;
    }

    /// Lets the next round go on behind this fact of the last one.
    void goOnAfter(Found last) {
        from = Optional.of(last);
    }

    private List<SpaceId> spaces() {
        List<SpaceId> spaces = new ArrayList<>();
        from.ifPresent(last -> spaces.add(last.space()));
        Optional<SpaceId> after = from.map(Found::space);
        for (List<SpaceId> page = facts.spaces(after, PAGE);
                !page.isEmpty();
                page = facts.spaces(after, PAGE)) {
            spaces.addAll(page);
            after = Optional.of(page.getLast());
        }
        return spaces;
    }

    private void add(SpaceId space, Optional<Key> after, List<Found> found) {
        Optional<Key> last = after;
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, prefix, last, Math.min(PAGE, max - found.size()));
            page.forEach(fact -> found.add(new Found(space, fact)));
            last = page.isEmpty() ? last : Optional.of(page.getLast().key());
        } while (!page.isEmpty() && found.size() < max);
    }
}
