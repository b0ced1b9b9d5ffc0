package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.storage.PackIndex.PackState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Packs whose files stay as they are. Not thread-safe.
final class PackHold implements AutoCloseable {
    private final List<Pack> packs = new ArrayList<>();
    private final List<Runnable> releases = new ArrayList<>();

    private PackHold() {}

    /// Holds those of the packs that nothing will be appended to any more.
    @MustBeClosed
    static PackHold of(List<Pack> all, Map<Long, PackState> states) {
        PackHold hold = new PackHold();
        for (Pack pack : all) {
            if (states.getOrDefault(pack.id(), PackState.NEW).closed()) {
                Runnable release = pack.hold();
                if (release != null) {
                    hold.packs.add(pack);
                    hold.releases.add(release);
                }
            }
        }
        return hold;
    }

    List<Pack> packs() {
        return packs;
    }

    /// Lets them go; a second close does nothing.
    @Override
    public void close() {
        releases.forEach(Runnable::run);
        releases.clear();
    }
}
