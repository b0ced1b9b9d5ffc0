package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.Expected.Name;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// When garbage collection may have condemned each chunk, at the earliest, and what keeps it from
/// removing one: so which it may have removed. Errs by allowing too much: what is put or looked up
/// is condemned no more, but a power failure may take the index back to where it was. Not
/// thread-safe.
final class ExpectedGc {
    private final Map<Name, Long> condemned = new HashMap<>();

    /// The first time of all.
    private final Map<Name, Long> ever = new HashMap<>();

    private final Set<Name> pinned = new HashSet<>();

    /// When the writer of each space began.
    private final Map<SpaceId, Long> writers = new HashMap<>();

    /// The engine has said of a chunk that it is there.
    void touched(Name name) {
        condemned.remove(name);
    }

    void pinned(Name name) {
        pinned.add(name);
        touched(name);
    }

    /// A writer begins in a space.
    ///
    /// @return false if there is one already
    boolean writes(SpaceId space, long now) {
        return writers.putIfAbsent(space, now) == null;
    }

    /// Whether nothing but facts decides whether a chunk is kept.
    boolean isFree(Name name) {
        return !pinned.contains(name) && !writers.containsKey(name.space());
    }

    /// Nobody pins or writes any more.
    void letGo() {
        pinned.clear();
        writers.clear();
    }

    void powerLost() {
        condemned.putAll(ever);
    }

    /// A run was made, or tried.
    ///
    /// @param garbage chunks that nothing leads to
    /// @param graceMillis the run's
    /// @return those of them that it may have removed
    List<Name> ran(List<Name> garbage, long now, long graceMillis) {
        List<Name> removed = new ArrayList<>();
        for (Name name : garbage) {
            Long at = condemned.putIfAbsent(name, now);
            ever.putIfAbsent(name, now);
            boolean written =
                    at != null && at >= writers.getOrDefault(name.space(), Long.MAX_VALUE);
            if (at != null && at <= now - graceMillis && !pinned.contains(name) && !written) {
                removed.add(name);
            }
        }
        return removed;
    }
}
