package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.FactReader.IndexedFact;
import dev.quern.storage.MetaLog.Fact;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Compares the facts of a log, and what its indexes list, with those of another.
record FactComparison(MetaLog log, MetaLog expected) {
    void verifyFacts(SpaceId space, Key prefix) {
        List<Fact> found = log.scan(space, prefix, Optional.empty(), FactReader.MAX_SCAN);
        List<Fact> wanted = expected.scan(space, prefix, Optional.empty(), FactReader.MAX_SCAN);
        Expected.check(
                same(found, wanted),
                "facts under " + prefix + " differ: " + found + ", expected " + wanted);
    }

    void verifyIndex(SpaceId space, Key prefix) {
        List<IndexedFact> found = pages(log, space, prefix, 3);
        List<IndexedFact> wanted = pages(expected, space, prefix, FactReader.MAX_SCAN);
        Expected.check(
                found.stream()
                                .map(IndexedFact::at)
                                .toList()
                                .equals(wanted.stream().map(IndexedFact::at).toList())
                        && same(
                                found.stream().map(IndexedFact::fact).toList(),
                                wanted.stream().map(IndexedFact::fact).toList()),
                "index under " + prefix + " differs: " + found + ", expected " + wanted);
    }

    private static List<IndexedFact> pages(MetaLog log, SpaceId space, Key prefix, int limit) {
        List<IndexedFact> all = new ArrayList<>();
        List<IndexedFact> page = log.scanIndex(space, prefix, Optional.empty(), limit);
        while (!page.isEmpty()) {
            all.addAll(page);
            page = log.scanIndex(space, prefix, Optional.of(page.getLast().at()), limit);
        }
        return all;
    }

    private static boolean same(List<Fact> some, List<Fact> others) {
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            Fact one = some.get(i);
            Fact other = others.get(i);
            same =
                    one.key().equals(other.key())
                            && one.version() == other.version()
                            && one.indexed().equals(other.indexed())
                            && Arrays.equals(one.value(), other.value());
        }
        return same;
    }
}
