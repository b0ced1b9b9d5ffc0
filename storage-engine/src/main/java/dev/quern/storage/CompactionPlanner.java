package dev.quern.storage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/// Decides which packs are worth copying: those of which half or more is dead, and small ones once
/// there are enough of them. Every opening of a store leaves a pack that is not full; merging them
/// four or more at a time copies a byte at most as often as four fits into the pack size. Pure.
final class CompactionPlanner {
    /// Fraction of a pack's bytes that no chunk needs, from which on it is copied.
    static final double MIN_DEAD = 0.5;

    /// A pack with less than this part of the pack size is small.
    static final int SMALL_DIVISOR = 4;

    static final int MIN_SMALL = 4;

    private CompactionPlanner() {}

    /// A pack that nothing is appended to.
    ///
    /// @param isRun whether it is one file's bytes; a small run is not merged with others, so that
    ///   it can still be mapped as a whole
    /// @param fileBytes of the whole file
    /// @param liveBytes of the records that the index names, with their headers
    /// @param chunks how many those are
    record PackStat(long id, boolean isRun, long fileBytes, long liveBytes, long chunks) {
        /// Bytes to read when all of these are copied.
        static long fileBytes(List<PackStat> packs) {
            return packs.stream().mapToLong(PackStat::fileBytes).sum();
        }

        double dead() {
            return fileBytes == 0 ? 1 : 1 - Math.min(1, (double) liveBytes / fileBytes);
        }

        /// Whether it is worth copying for that alone.
        boolean isMostlyDead() {
            return dead() >= MIN_DEAD;
        }
    }

    /// The packs to copy, emptiest first.
    ///
    /// @param packBytes the size of a full pack
    /// @param damaged packs that must stay for what is damaged in them, unless nothing is left
    static List<PackStat> plan(List<PackStat> packs, long packBytes, Set<Long> damaged) {
        List<PackStat> chosen = new ArrayList<>();
        List<PackStat> small = new ArrayList<>();
        for (PackStat pack : packs) {
            boolean stays = damaged.contains(pack.id) && pack.chunks > 0;
            if (!stays && (pack.chunks == 0 || pack.isMostlyDead())) {
                chosen.add(pack);
            } else if (!stays && !pack.isRun && pack.fileBytes < packBytes / SMALL_DIVISOR) {
                small.add(pack);
            }
        }
        if (small.size() >= MIN_SMALL) {
            chosen.addAll(small);
        }
        chosen.sort(Comparator.comparingLong(PackStat::liveBytes).thenComparingLong(PackStat::id));
        return chosen;
    }
}
