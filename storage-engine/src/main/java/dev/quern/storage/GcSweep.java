package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.GcReport.Count;
import dev.quern.storage.GcReport.Garbage;
import dev.quern.storage.PackIndex.Entry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// What becomes of each chunk of a space after it has been marked. Not thread-safe.
final class GcSweep {
    private final PackIndex index;
    private final ChunkRetention retention;
    private final Rules rules;
    private final List<Garbage> garbage = new ArrayList<>();
    private Count live = Count.NONE;
    private Count condemned = Count.NONE;
    private Count removed = Count.NONE;

    /// What to go by; times in milliseconds since 1970.
    ///
    /// @param now chunks are condemned at this time
    /// @param removable chunks condemned at this time or before have had their grace
    /// @param oldestWriter chunks condemned at this time or later may be a writer's
    record Rules(SpaceId space, long now, long removable, long oldestWriter, boolean dryRun) {}

    GcSweep(PackIndex index, ChunkRetention retention, Rules rules) {
        this.index = index;
        this.retention = retention;
        this.rules = rules;
    }

    private enum Fate {
        LIVE,
        RESCUED,
        NEW,
        IN_GRACE,
        PINNED,
        IN_WRITE,
        REMOVED
    }

    private Fate fate(Entry entry, boolean reached) {
        long at = entry.condemnedAtMillis();
        if (reached) {
            return at == 0 ? Fate.LIVE : Fate.RESCUED;
        }
        if (at == 0) {
            return Fate.NEW;
        }
        if (at > rules.removable) {
            return Fate.IN_GRACE;
        }
        if (at >= rules.oldestWriter) {
            return Fate.IN_WRITE;
        }
        return retention.isPinned(rules.space, entry.id()) ? Fate.PINNED : Fate.REMOVED;
    }

    /// Deals with a page of entries. Each step takes only those that are as they were read: whoever
    /// has touched one since keeps it.
    ///
    /// @return what of the page was removed, or would have been
    Count take(List<Entry> page, Predicate<ChunkId> isLive) {
        List<Entry> rescued = new ArrayList<>();
        List<Entry> found = new ArrayList<>();
        List<Entry> dead = new ArrayList<>();
        Count before = removed;
        for (Entry entry : page) {
            Fate fate = fate(entry, isLive.test(entry.id()));
            Count one = new Count(1, entry.storedBytes());
            switch (fate) {
                case LIVE -> live = live.plus(one);
                case RESCUED -> {
                    live = live.plus(one);
                    rescued.add(entry);
                }
                case NEW -> {
                    condemned = condemned.plus(one);
                    found.add(entry);
                }
                case IN_GRACE, PINNED, IN_WRITE -> condemned = condemned.plus(one);
                case REMOVED -> {
                    removed = removed.plus(one);
                    dead.add(entry);
                }
            }
            list(entry, fate);
        }
        if (!rules.dryRun) {
            index.condemn(rules.space, rescued, 0);
            index.condemn(rules.space, found, rules.now);
            Count kept = index.remove(rules.space, dead, e -> retention.isPinned(rules.space, e));
            removed = new Count(removed.chunks() - kept.chunks(), removed.bytes() - kept.bytes());
            live = live.plus(kept);
        }
        return new Count(removed.chunks() - before.chunks(), removed.bytes() - before.bytes());
    }

    private void list(Entry entry, Fate fate) {
        Optional<Instant> since =
                entry.condemnedAtMillis() == 0
                        ? Optional.empty()
                        : Optional.of(Instant.ofEpochMilli(entry.condemnedAtMillis()));
        String reason =
                switch (fate) {
                    case LIVE, RESCUED -> "";
                    case NEW -> "nothing leads to it; it is condemned by the next run";
                    case IN_GRACE ->
                            "nothing leads to it since "
                                    + since.orElseThrow()
                                    + "; its grace ends in "
                                    + Duration.ofMillis(
                                            entry.condemnedAtMillis() - rules.removable);
                    case PINNED -> "nothing leads to it, but it is pinned";
                    case IN_WRITE -> "nothing leads to it, but a write is under way that may";
                    case REMOVED ->
                            "nothing leads to it since " + since.orElseThrow() + "; to be removed";
                };
        if (rules.dryRun && !reason.isEmpty() && garbage.size() < GcReport.MAX_GARBAGE) {
            garbage.add(new Garbage(entry.id(), entry.storedBytes(), since, reason));
        }
    }

    GcReport.Space report() {
        return new GcReport.Space(rules.space, live, condemned, removed, garbage, Optional.empty());
    }
}
