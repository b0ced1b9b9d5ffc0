package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Which spaces there are.
final class Spaces {
    private static final int PAGE = 1000;

    private Spaces() {}

    /// Those with chunks and those with facts, in name order.
    static SortedSet<SpaceId> all(PackIndex index, MetaLog facts) {
        SortedSet<SpaceId> all = new TreeSet<>(Comparator.comparing(SpaceId::value));
        all.addAll(index.spaces());
        Optional<SpaceId> after = Optional.empty();
        List<SpaceId> page;
        do {
            page = facts.spaces(after, PAGE);
            all.addAll(page);
            after = page.isEmpty() ? after : Optional.of(page.getLast());
        } while (page.size() == PAGE);
        return all;
    }
}
