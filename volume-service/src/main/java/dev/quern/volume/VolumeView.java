package dev.quern.volume;

import java.nio.file.Path;

/// A lease on a commit's files as a directory of this machine. Files have mode 0444 and directories
/// 0555; whoever reads must not change them, because all holders share them. The directory stays
/// until the last lease on it is closed, and possibly longer. Thread-safe.
public final class VolumeView implements AutoCloseable {
    private final Path path;
    private final CommitId commit;
    private final Runnable release;

    VolumeView(Path path, CommitId commit, Runnable release) {
        this.path = path;
        this.commit = commit;
        this.release = release;
    }

    /// The directory that is the volume's root.
    public Path path() {
        return path;
    }

    /// The commit whose files it holds.
    public CommitId commit() {
        return commit;
    }

    /// Gives the lease back; a second call does nothing.
    @Override
    public void close() {
        release.run();
    }
}
