package dev.quern.vector;

import java.io.IOException;
import java.util.List;
import org.apache.lucene.index.IndexCommit;
import org.apache.lucene.index.IndexDeletionPolicy;
import org.jspecify.annotations.Nullable;

/// Keeps two of an index's commits: the newest, and the one that the checkpoint in the log names,
/// so that a crash between commit and checkpoint finds the files it needs in the cache.
final class CommitPins extends IndexDeletionPolicy {
    /// Key of a commit's own id in its user data.
    static final String COMMIT_ID = "quern.commit";

    private volatile String pinned;
    private volatile @Nullable IndexCommit newest;

    CommitPins(String pinned) {
        this.pinned = pinned;
    }

    /// From the next commit or revisit on, the other commit to keep.
    void pin(String commitId) {
        pinned = commitId;
    }

    /// The newest commit; null before there is one.
    @Nullable IndexCommit newest() {
        return newest;
    }

    @Override
    public void onInit(List<? extends IndexCommit> commits) throws IOException {
        onCommit(commits);
    }

    @Override
    public void onCommit(List<? extends IndexCommit> commits) throws IOException {
        newest = commits.isEmpty() ? null : commits.getLast();
        for (IndexCommit commit : commits.subList(0, Math.max(0, commits.size() - 1))) {
            if (!pinned.equals(commit.getUserData().get(COMMIT_ID))) {
                commit.delete();
            }
        }
    }
}
