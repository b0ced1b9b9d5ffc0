package dev.quern.client;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.wire.CommitBody;
import dev.quern.common.wire.CommitList;
import dev.quern.common.wire.CommitVolume;
import dev.quern.common.wire.FileEntry;
import dev.quern.common.wire.FileList;
import dev.quern.common.wire.StagedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// The files of one volume as seen at one commit, or at the head of `main`. Immutable; the `in...`
/// and `at` methods return another handle. Paths are relative to the volume's root and use `/`.
///
/// Puts and removals are staged in the handle's session and seen by nobody until [#commit(String)];
/// each put is durable when it returns.
public final class VolumeFiles {
    private final HttpTransport http;
    private final String volume;
    private final String session;
    private final Optional<String> commit;

    private VolumeFiles(
            HttpTransport http, String volume, String session, Optional<String> commit) {
        this.http = http;
        this.volume = volume;
        this.session = session;
        this.commit = commit;
    }

    static VolumeFiles of(HttpTransport http, String volume) {
        return new VolumeFiles(http, volume, "java-" + UUID.randomUUID(), Optional.empty());
    }

    /// The volume's name.
    public String volume() {
        return volume;
    }

    /// The session in which changes are staged.
    public String session() {
        return session;
    }

    /// The same files with changes staged in `session`, which several clients may share.
    public VolumeFiles inSession(String session) {
        return new VolumeFiles(http, volume, session, commit);
    }

    /// The same files as they were at a commit (64 hex digits).
    public VolumeFiles at(String commitId) {
        return new VolumeFiles(http, volume, session, Optional.of(commitId));
    }

    /// Stages a local file, streamed.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if the path is not one or there is no such
    ///   local file
    public StagedFile put(String path, Path file) {
        return send(path, Upload.of(file));
    }

    /// Stages bytes.
    public StagedFile put(String path, byte[] bytes) {
        return send(path, Upload.of(bytes));
    }

    /// Stages what a stream holds, read once to its end and not closed; a broken transfer is not
    /// tried again.
    public StagedFile put(String path, InputStream bytes) {
        return send(path, Upload.of(bytes));
    }

    private StagedFile send(String path, Upload upload) {
        Request request =
                new Request(
                        "PUT",
                        file(path).query("session", session).query("commit", false).toString(),
                        "application/octet-stream",
                        upload.body(),
                        upload.retry(),
                        true);
        return http.json(request, StagedFile.class);
    }

    /// Stages the removal of a file, or with `recursive` of a directory and all in it.
    ///
    /// @return files that are removed by the next commit
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if nothing is there
    public int remove(String path, boolean recursive) {
        Target target =
                file(path)
                        .query("session", session)
                        .query("recursive", recursive)
                        .query("commit", false);
        return http.json(Request.delete(target), StagedRemoval.class).removed();
    }

    /// What is staged in this handle's session.
    public StagedChanges staged() {
        return http.json(Request.get(stagedTarget()), StagedChanges.class);
    }

    /// Forgets what is staged in this handle's session.
    public void discard() {
        http.run(Request.delete(stagedTarget()));
    }

    private Target stagedTarget() {
        return Target.of("volumes", volume, "staged").query("session", session);
    }

    /// Makes the staged changes the new head of `main`; what others committed since is kept.
    public CommitBody commit(String message) {
        return commit(new CommitVolume(session, null, message));
    }

    /// Commits only if `expectedHead` is still the head.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if another commit came first
    public CommitBody commitOnto(String expectedHead, String message) {
        return commit(new CommitVolume(session, expectedHead, message));
    }

    private CommitBody commit(CommitVolume request) {
        Target target = Target.of("volumes", volume, "commit");
        return http.json(
                Request.json("POST", target, request, Retry.IF_NOT_ADMITTED).waiting(),
                CommitBody.class);
    }

    /// Commits, newest first.
    ///
    /// @param limit 1 or more
    public List<CommitBody> history(int limit) {
        Target target = Target.of("volumes", volume, "commits").query("limit", limit);
        return http.json(Request.get(target), CommitList.class).commits();
    }

    /// Opens a file for reading; the caller closes it.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such file
    @MustBeClosed
    public Download open(String path) {
        return Download.open(http, volume, path, commit);
    }

    /// Copies a file into `out`, which stays open. A transfer that breaks goes on where it stopped,
    /// at the same commit.
    ///
    /// @return bytes copied
    /// @throws IOException if writing to `out` failed
    public long get(String path, OutputStream out) throws IOException {
        try (Download download = open(path)) {
            return download.copyTo(out);
        }
    }

    /// One page of a directory, `""` for the root, in path order.
    ///
    /// @param limit entries, 1 or more
    /// @param after the `next` of the page before
    public FileList list(String directory, boolean recursive, int limit, Optional<String> after) {
        Target target =
                Target.of("volumes", volume, "list")
                        .query("path", directory)
                        .query("recursive", recursive)
                        .query("at", commit)
                        .query("after", after)
                        .query("limit", limit);
        return http.json(Request.get(target), FileList.class);
    }

    /// Every entry of a directory in path order, page by page, all at one commit.
    ///
    /// @return the commit that was listed
    public String forEach(String directory, boolean recursive, Consumer<FileEntry> each) {
        FileList page = list(directory, recursive, 1_000, Optional.empty());
        String listed = page.commit();
        page.entries().forEach(each);
        while (page.next() != null) {
            page = at(listed).list(directory, recursive, 1_000, Optional.of(page.next()));
            page.entries().forEach(each);
        }
        return listed;
    }

    private Target file(String path) {
        return Target.of("volumes", volume, "files").path(path);
    }
}
