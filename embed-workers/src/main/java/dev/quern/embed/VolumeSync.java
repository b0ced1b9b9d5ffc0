package dev.quern.embed;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.volume.CommitId;
import dev.quern.volume.FileContent;
import dev.quern.volume.VolumeInfo;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One sync: step by step from what the collection holds to what it is to hold ([SyncPlanner]). The
/// state says what a step aims at before the step changes the first row, so that whoever finds it
/// finishes the step.
///
/// Serves one sync, on one thread.
final class VolumeSync {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeSync.class);

    private final SyncParts parts;
    private final VolumeService volumes;
    private final VolumeInfo volume;
    private final RowWriter writer;
    private final SyncStates states;
    private final SyncTally tally;
    private final Consumer<SyncProgress> progress;
    private final FilePassages reader;

    private SyncStates.Stored state;
    private long filesAtState;
    private long rowsAtState;

    private VolumeSync(
            SyncParts parts,
            SyncStates.Stored state,
            SyncTally tally,
            Consumer<SyncProgress> progress) {
        this.parts = parts;
        this.volumes = parts.volumes();
        this.volume = parts.volume();
        this.writer = parts.writer();
        this.states = parts.states();
        this.state = state;
        this.tally = tally;
        this.progress = progress;
        this.reader =
                new FilePassages(
                        new TextSplitter(
                                parts.embedder().tokenCounter(parts.model().id()),
                                parts.model().maxTokens(),
                                TextSplitter.MAX_PASSAGES));
    }

    /// Takes all steps to `wanted`.
    static SyncReport run(
            SyncParts parts, IndexPoint wanted, SyncTally tally, Consumer<SyncProgress> progress) {
        VolumeSync sync = new VolumeSync(parts, adopt(parts, tally), tally, progress);
        sync.forgetLostCommits();
        Optional<SyncPlanner.Step> step = SyncPlanner.next(sync.state.state(), wanted);
        while (step.isPresent()) {
            sync.take(step.get());
            step = SyncPlanner.next(sync.state.state(), wanted);
        }
        return tally.report();
    }

    /// Finds the state, or begins one. Rows of a volume that is gone are deleted first; a volume
    /// that is there keeps the collection.
    private static SyncStates.Stored adopt(SyncParts parts, SyncTally tally) {
        for (SyncStates.Stored other : parts.states().all()) {
            if (other.volumeId().equals(parts.volume().id())) {
                return other;
            }
            boolean there =
                    parts.volumes().list(parts.space()).stream()
                            .anyMatch(v -> v.id().equals(other.volumeId()));
            if (there) {
                throw QuernException.conflict(
                        "collection is in step with volume \""
                                + other.state().volume()
                                + "\" and cannot follow volume \""
                                + parts.volume().name()
                                + "\" too");
            }
            tally.rowsDeleted += parts.writer().delete(IndexedFile.rowsOf(other.state().volume()));
            parts.states().remove(other);
        }
        // A collection of which the state was left behind, or which was given such rows otherwise.
        tally.rowsDeleted += parts.writer().delete(IndexedFile.rowsOf(parts.volume().name()));
        return parts.states().create(parts.volume().id(), SyncState.initial(parts.volume().name()));
    }

    /// Without the commits that the state names there is nothing to compare with: all rows go, and
    /// the sync starts from nothing.
    private void forgetLostCommits() {
        SyncState held = state.state();
        boolean known =
                held.done().stream().allMatch(this::isKnown)
                        && held.doing().stream().allMatch(doing -> isKnown(doing.target()));
        if (!known) {
            LOG.warn(
                    "volume {} lost the commit that an index was in step with: indexing it anew",
                    volume.name());
            tally.rowsDeleted += writer.delete(IndexedFile.rowsOf(volume.name()));
            state = states.replace(state, SyncState.initial(volume.name()));
        }
    }

    private boolean isKnown(IndexPoint point) {
        try {
            volumes.resolve(parts.space(), volume.name(), Optional.of(point.commit()));
            return true;
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private void take(SyncPlanner.Step step) {
        StepChanges changes = new StepChanges(parts, step);
        long count = changes.count();
        tally.filesTotal += count;
        if (count > 0) {
            if (!step.resumed()) {
                state = states.replace(state, state.state().started(step.to()));
            }
            try (SyncPipeline pipeline =
                    new SyncPipeline(parts, tally, path -> reached(step.to(), path))) {
                changes.forEach(change -> accept(change, step, pipeline));
                pipeline.finish();
            }
        }
        state = states.replace(state, state.state().ended(step.to()));
        progress.accept(tally.progress());
    }

    private void reached(IndexPoint target, VolumePath path) {
        boolean far =
                tally.filesDone - filesAtState >= parts.limits().stateFiles()
                        || tally.rowsUpserted - rowsAtState >= parts.limits().stateRows();
        if (far) {
            state = states.replace(state, state.state().reached(target, path.value()));
            filesAtState = tally.filesDone;
            rowsAtState = tally.rowsUpserted;
        }
        progress.accept(tally.progress());
    }

    private void accept(StepChanges.Change change, SyncPlanner.Step step, SyncPipeline pipeline) {
        if (change.removed()) {
            pipeline.remove(change.path());
            return;
        }
        SyncPipeline.FileWork file = pipeline.begin(change.path(), change.mayHaveRows());
        CommitId commit = new CommitId(step.to().commit());
        try (FileContent content =
                volumes.open(parts.space(), volume.name(), commit, change.path())) {
            reader.read(content, file).ifPresent(file::skip);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CORRUPT) {
                throw e;
            }
            LOG.warn("file {} of volume {} is not indexed", change.path(), volume.name(), e);
            file.skip(String.valueOf(e.getMessage()));
        }
        file.complete();
    }
}
