package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// Volumes: versioned file trees. Thread-safe.
@SuppressWarnings("DoNotCallSuggester") // bodies follow
public final class VolumeService implements AutoCloseable {
    public VolumeService(
            ChunkStore chunks,
            MetaLog facts,
            InstantSource clock,
            RandomGenerator random,
            VolumeConfig config) {}

    /// Creates a volume with an empty first commit.
    public VolumeInfo create(SpaceId space, String name, boolean ifNotExists) {
        throw new UnsupportedOperationException();
    }

    /// A volume by its name.
    public VolumeInfo get(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    /// All volumes of a space, in name order.
    public List<VolumeInfo> list(SpaceId space) {
        throw new UnsupportedOperationException();
    }

    /// Removes a volume.
    public void delete(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    /// Receives a file and stages it.
    public StagedPut put(
            SpaceId space, String volume, String session, VolumePath path, InputStream bytes) {
        throw new UnsupportedOperationException();
    }

    /// Stages a removal; returns the number of files that it removes.
    public int remove(
            SpaceId space, String volume, String session, VolumePath path, boolean recursive) {
        throw new UnsupportedOperationException();
    }

    /// What a session has staged.
    public StagedChanges staged(SpaceId space, String volume, String session) {
        throw new UnsupportedOperationException();
    }

    /// Forgets what a session has staged.
    public void discard(SpaceId space, String volume, String session) {
        throw new UnsupportedOperationException();
    }

    /// Makes a session's staged changes the head of branch `main`.
    public CommitInfo commit(SpaceId space, String volume, CommitRequest request) {
        throw new UnsupportedOperationException();
    }

    /// The commit that a text names: empty or `main` is the head, else a commit id.
    public CommitInfo resolve(SpaceId space, String volume, Optional<String> at) {
        throw new UnsupportedOperationException();
    }

    /// Commits from the head backwards, at most `limit` (1 to 10,000).
    public List<CommitInfo> history(SpaceId space, String volume, int limit) {
        throw new UnsupportedOperationException();
    }

    /// A page of what lies in a directory: its entries, or all files below it when `recursive`.
    public FilePage listFiles(
            SpaceId space,
            String volume,
            CommitId at,
            VolumePath directory,
            boolean recursive,
            Optional<VolumePath> after,
            int limit) {
        throw new UnsupportedOperationException();
    }

    /// The file or directory at a path.
    public FileInfo stat(SpaceId space, String volume, CommitId at, VolumePath path) {
        throw new UnsupportedOperationException();
    }

    /// Opens a file for reading.
    @MustBeClosed
    public FileContent open(SpaceId space, String volume, CommitId at, VolumePath path) {
        throw new UnsupportedOperationException();
    }

    /// The files that differ between two commits, in path order; from nothing when `from` is empty.
    public List<FileChange> diff(
            SpaceId space, String volume, Optional<CommitId> from, CommitId to) {
        throw new UnsupportedOperationException();
    }

    /// As [#diff], one change after the other.
    public void forEachChange(
            SpaceId space,
            String volume,
            Optional<CommitId> from,
            CommitId to,
            Consumer<FileChange> consumer) {
        throw new UnsupportedOperationException();
    }

    /// Makes a commit's files a directory of this machine.
    @MustBeClosed
    public VolumeView materialise(SpaceId space, String volume, CommitId at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
