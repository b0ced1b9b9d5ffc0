package dev.quern.embed;

import dev.quern.common.SpaceId;
import dev.quern.volume.CommitId;
import dev.quern.volume.FileChange;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.util.Optional;
import java.util.function.Consumer;

/// The files that a step of a sync has to do with, in path order. Nothing is held in memory: each
/// call goes over the trees again, which costs little beside embedding.
final class StepChanges {
    private final VolumeService volumes;
    private final SpaceId space;
    private final String volume;
    private final SyncPlanner.Step step;
    private final Glob wanted;
    private final Optional<Glob> held;
    private final boolean recut;
    private final Optional<VolumePath> after;

    StepChanges(SyncParts parts, SyncPlanner.Step step) {
        this.volumes = parts.volumes();
        this.space = parts.space();
        this.volume = parts.volume().name();
        this.step = step;
        this.wanted = Glob.parse(step.to().glob());
        this.held = step.from().map(from -> Glob.parse(from.glob()));
        this.recut =
                step.from()
                        .filter(from -> !from.generation().equals(step.to().generation()))
                        .isPresent();
        this.after = step.after().map(VolumePath::parse);
    }

    long count() {
        long[] count = {0};
        forEach(_ -> count[0]++);
        return count[0];
    }

    void forEach(Consumer<Change> consumer) {
        CommitId to = new CommitId(step.to().commit());
        if (step.isDiff()) {
            Optional<CommitId> from = step.from().map(point -> new CommitId(point.commit()));
            volumes.forEachChange(space, volume, from, to, change -> differing(change, consumer));
        } else {
            volumes.forEachChange(
                    space, volume, Optional.empty(), to, change -> listed(change.path(), consumer));
        }
    }

    /// A file that two commits hold differently; the glob is the same for both.
    private void differing(FileChange change, Consumer<Change> consumer) {
        if (isBefore(change.path()) || !wanted.matches(change.path().value())) {
            return;
        }
        boolean mayHaveRows = step.resumed() || change.kind() != FileChange.Kind.ADDED;
        consumer.accept(
                new Change(change.path(), change.kind() == FileChange.Kind.REMOVED, mayHaveRows));
    }

    /// A file of the one commit; the globs or the ways of cutting differ.
    private void listed(VolumePath path, Consumer<Change> consumer) {
        if (isBefore(path)) {
            return;
        }
        boolean was = held.isPresent() && held.get().matches(path.value());
        boolean is = wanted.matches(path.value());
        if (is && (!was || recut)) {
            consumer.accept(new Change(path, false, was || step.resumed()));
        } else if (was && !is) {
            consumer.accept(new Change(path, true, true));
        }
    }

    private boolean isBefore(VolumePath path) {
        return after.isPresent() && path.compareTo(after.get()) <= 0;
    }

    /// A file to index anew, or whose rows are to go.
    ///
    /// @param path the file
    /// @param removed whether only its rows are to go
    /// @param mayHaveRows whether rows of it may be there
    record Change(VolumePath path, boolean removed, boolean mayHaveRows) {}
}
