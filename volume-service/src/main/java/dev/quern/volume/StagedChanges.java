package dev.quern.volume;

import java.util.List;

/// What a session's next commit will do, each path once.
///
/// @param session its name
/// @param puts files that it adds or replaces, in path order
/// @param removes files and whole directories that it removes before it puts, in path order
public record StagedChanges(String session, List<VolumePath> puts, List<VolumePath> removes) {
    /// Copies the lists.
    public StagedChanges {
        puts = List.copyOf(puts);
        removes = List.copyOf(removes);
    }

    /// Whether there is nothing to commit.
    public boolean isEmpty() {
        return puts.isEmpty() && removes.isEmpty();
    }
}
