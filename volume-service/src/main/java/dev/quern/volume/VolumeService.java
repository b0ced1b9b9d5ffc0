package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import dev.quern.volume.FileReceiver.Received;
import dev.quern.volume.Sessions.Session;
import dev.quern.volume.StagedView.Extent;
import dev.quern.volume.VolumeFormat.Volume;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// Volumes: versioned file trees. A volume has a history of immutable commits; the head of its
/// branch `main` is the last of them. Changes are staged in a session, a name that the caller
/// chooses, and become the next commit at once. Whatever a method has returned is durable.
///
/// Errors of every method: `NOT_FOUND` for a volume, commit or path that is not there, `INVALID`
/// for a name or number that breaks a rule, `CORRUPT` for stored bytes that do not match their
/// hash.
///
/// Thread-safe. Closing it leaves the stores, streams, contents and views open.
public final class VolumeService implements AutoCloseable {
    private static final int MAX_PAGE = 10_000;
    private static final int MAX_CHANGES = 1_000_000;
    private static final Duration LARGE_PUT_WAIT = Duration.ofSeconds(10);

    private final ChunkStore chunks;
    private final NodeStore nodes;
    private final VolumeCatalog catalog;
    private final Sessions sessions;
    private final FileReceiver receiver;
    private final Committer committer;
    private final Views views;
    private final OpenReads reads = new OpenReads();
    private final VolumeRoots roots;

    /// Starts the service, removing the views that an earlier process left.
    ///
    /// @param chunks bytes; stays open
    /// @param facts facts; stays open
    /// @param random for the ids of volumes; used by one thread at a time
    public VolumeService(
            ChunkStore chunks,
            MetaLog facts,
            InstantSource clock,
            RandomGenerator random,
            VolumeConfig config) {
        this.chunks = chunks;
        this.nodes = new NodeStore(chunks, config.nodeCacheBytes());
        this.catalog = new VolumeCatalog(chunks, facts, nodes, clock, random);
        this.sessions = new Sessions(facts, catalog, config.maxStagedChanges());
        this.receiver = new FileReceiver(chunks, config.maxLargePuts(), LARGE_PUT_WAIT);
        this.committer =
                new Committer(chunks, facts, nodes, catalog, sessions, config.commitAttempts());
        this.roots = new VolumeRoots(facts, reads);
        this.views =
                new Views(
                        new ViewBuilder(chunks, nodes, reads),
                        config.viewsDirectory(),
                        config.viewsMaxBytes());
    }

    /// Creates a volume, with an empty first commit.
    ///
    /// @param ifNotExists return the one that is there instead of an error
    /// @throws QuernException `CONFLICT` if the name is taken
    public VolumeInfo create(SpaceId space, String name, boolean ifNotExists) {
        return catalog.create(space, name, ifNotExists);
    }

    /// A volume by its name.
    public VolumeInfo get(SpaceId space, String name) {
        return catalog.get(space, name);
    }

    /// All volumes of a space, in name order.
    public List<VolumeInfo> list(SpaceId space) {
        return catalog.list(space);
    }

    /// Removes a volume with its history and everything staged. A volume that takes the name later
    /// is another one. What is open or materialised stays readable.
    public void delete(SpaceId space, String name) {
        catalog.delete(space, name);
    }

    /// Receives a file, of any size with bounded memory, and stages it. Staged changes are seen by
    /// the next commit only, and the last one of a path counts.
    ///
    /// @param bytes read to its end and not closed
    /// @throws QuernException `CONFLICT` if the path is a directory or lies in a file, at the head
    ///   with the session's changes; `EXHAUSTED` if the disk is full, the session has staged too
    ///   much or too many large files are on their way; `UNAVAILABLE` if the stream breaks off
    public StagedPut put(
            SpaceId space, String volume, String session, VolumePath path, InputStream bytes) {
        if (path.isRoot()) {
            throw QuernException.invalid("path of a file must not be empty");
        }
        Session staging = session(space, volume, session);
        ChunkId root = headRoot(space, staging.volume());
        sessions.lookToStage(
                staging,
                tree -> {
                    new StagedView(nodes, space, root, tree.root()).requireRoomForFile(path);
                    return path;
                });
        try (ChunkPins _ = chunks.pinWrites(space)) {
            Received received = receiver.receive(space, path, bytes);
            Content content = received.content();
            sessions.append(
                    staging, new StagedFormat.Put(path, content, catalog.now().toEpochMilli()));
            return new StagedPut(
                    path, content.sizeBytes(), content.hash().hex(), received.newBytes());
        }
    }

    /// Stages the removal of a file or directory that is there, at the head with the session's
    /// changes. What is gone when the session commits is no error, and a file that has become a
    /// directory stays, unless `recursive`.
    ///
    /// @param path the root for everything
    /// @param recursive must be true for a directory
    /// @return files that it removes
    /// @throws QuernException `INVALID` for a directory without `recursive`; `EXHAUSTED` if the
    ///   session has staged too much
    public int remove(
            SpaceId space, String volume, String session, VolumePath path, boolean recursive) {
        Session staging = session(space, volume, session);
        ChunkId root = headRoot(space, staging.volume());
        Extent extent =
                sessions.lookToStage(
                        staging,
                        tree -> new StagedView(nodes, space, root, tree.root()).extent(path));
        if (extent.files() == 0 && !path.isRoot()) {
            throw noPath(volume, path);
        }
        if (!extent.isFile() && !recursive) {
            throw QuernException.invalid(
                    "\""
                            + path
                            + "\" is a directory of "
                            + extent.files()
                            + " files: removing it must be asked for as recursive");
        }
        sessions.append(staging, new StagedFormat.Remove(path, recursive));
        return (int) Math.min(extent.files(), Integer.MAX_VALUE);
    }

    /// What a session has staged.
    public StagedChanges staged(SpaceId space, String volume, String session) {
        return sessions.look(session(space, volume, session), tree -> tree.changes(session));
    }

    /// Forgets what a session has staged.
    public void discard(SpaceId space, String volume, String session) {
        sessions.discard(session(space, volume, session));
    }

    /// Makes a session's staged changes the new head. Without an expected head they are applied to
    /// whatever is head, again if it moves meanwhile. Changes that make no difference make no
    /// commit: the head is returned, and the session is empty in any case.
    ///
    /// @throws QuernException `CONFLICT`, with both heads in the message, if the head is not the
    ///   expected one; if a path would be both file and directory; if the head kept moving during
    ///   all attempts. The changes stay staged.
    public CommitInfo commit(SpaceId space, String volume, CommitRequest request) {
        return committer.commit(session(space, volume, request.session()), request);
    }

    /// The commit that a text names: empty or `main` is the head, else 64 hex digits of a commit in
    /// the volume's history.
    public CommitInfo resolve(SpaceId space, String volume, Optional<String> at) {
        return catalog.resolve(space, catalog.volume(space, volume), at);
    }

    /// Commits from the head backwards.
    ///
    /// @param limit 1 to 10,000
    public List<CommitInfo> history(SpaceId space, String volume, int limit) {
        return catalog.history(space, catalog.volume(space, volume), limit);
    }

    /// A page of a directory: its entries, files and directories; or, if `recursive`, all files in
    /// it at any depth (directories are left out). In path order.
    ///
    /// @param after only what comes after this path; it need not be there
    /// @param limit 1 to 10,000
    /// @throws QuernException `INVALID` if `directory` is a file
    public FilePage listFiles(
            SpaceId space,
            String volume,
            CommitId at,
            VolumePath directory,
            boolean recursive,
            Optional<VolumePath> after,
            int limit) {
        if (limit < 1 || limit > MAX_PAGE) {
            throw QuernException.invalid("limit must be 1 to " + MAX_PAGE + ", got " + limit);
        }
        TreeWalk.Place start = place(space, volume, at, directory);
        if (start.entry() instanceof Entry.File) {
            throw QuernException.invalid("\"" + directory + "\" is a file, not a directory");
        }
        TreeWalk walk =
                TreeWalk.after(nodes, space, start, recursive, after.orElse(VolumePath.ROOT));
        List<FileInfo> files = new ArrayList<>();
        while (walk.hasNext() && files.size() < limit) {
            TreeWalk.Place place = walk.next();
            if (!recursive || place.entry() instanceof Entry.File) {
                files.add(place.info());
            }
        }
        return new FilePage(
                files, walk.hasNext() ? Optional.of(files.getLast().path()) : Optional.empty());
    }

    /// The file or directory at a path.
    public FileInfo stat(SpaceId space, String volume, CommitId at, VolumePath path) {
        return place(space, volume, at, path).info();
    }

    /// Opens a file for reading.
    ///
    /// @throws QuernException `INVALID` if the path is a directory
    @MustBeClosed
    public FileContent open(SpaceId space, String volume, CommitId at, VolumePath path) {
        TreeWalk.Place place = place(space, volume, at, path);
        return switch (place.entry()) {
            case Entry.File file ->
                    new FileContent(chunks, reads, space, place.info(), file.content());
            case Entry.Directory _ ->
                    throw QuernException.invalid("\"" + path + "\" is a directory, not a file");
        };
    }

    /// The files whose contents differ between two commits, in path order. Equal subtrees cost
    /// nothing.
    ///
    /// @param from empty to compare with nothing: every file of `to` is added
    /// @throws QuernException `EXHAUSTED` if there are more than 1,000,000: use [#forEachChange]
    public List<FileChange> diff(
            SpaceId space, String volume, Optional<CommitId> from, CommitId to) {
        List<FileChange> changes = new ArrayList<>();
        forEachChange(
                space,
                volume,
                from,
                to,
                change -> {
                    if (changes.size() == MAX_CHANGES) {
                        throw QuernException.exhausted(
                                "diff has over " + MAX_CHANGES + " changes", 0);
                    }
                    changes.add(change);
                });
        return changes;
    }

    /// As [#diff], one change after the other, with bounded memory.
    public void forEachChange(
            SpaceId space,
            String volume,
            Optional<CommitId> from,
            CommitId to,
            Consumer<FileChange> consumer) {
        Volume known = catalog.volume(space, volume);
        Optional<ChunkId> old = from.map(id -> catalog.commit(space, known, id).root());
        ChunkId young = catalog.commit(space, known, to).root();
        try (OpenReads.Read _ = reads.tree(space, old.orElse(young));
                OpenReads.Read _ = reads.tree(space, young)) {
            new TreeDiff(nodes, space, consumer).compare(old, young);
        }
    }

    /// A lease on a directory of this machine with a commit's files. All leases on equal trees
    /// share one directory, which is made by the first and stays until its room is needed.
    ///
    /// @throws QuernException `EXHAUSTED` if the disk is full, or the files do not fit beside the
    ///   views that are held; `INVALID` if a path is no file name on this machine
    @MustBeClosed
    public VolumeView materialise(SpaceId space, String volume, CommitId at) {
        Commit commit = catalog.commit(space, catalog.volume(space, volume), at);
        return views.lease(space, at, commit);
    }

    /// Which chunks its facts need.
    public ChunkRoots roots() {
        return roots;
    }

    /// Refuses new views.
    @Override
    public void close() {
        views.close();
    }

    private Session session(SpaceId space, String volume, String session) {
        return new Session(space, catalog.volume(space, volume), session);
    }

    private ChunkId headRoot(SpaceId space, Volume volume) {
        return catalog.commit(space, volume, catalog.head(space, volume).commit()).root();
    }

    private TreeWalk.Place place(SpaceId space, String volume, CommitId at, VolumePath path) {
        ChunkId root = catalog.commit(space, catalog.volume(space, volume), at).root();
        if (path.isRoot()) {
            return TreeWalk.root(root);
        }
        Entry entry = nodes.find(space, root, path).orElseThrow(() -> noPath(volume, path));
        return new TreeWalk.Place(path, entry);
    }

    private static QuernException noPath(String volume, VolumePath path) {
        return QuernException.notFound("volume \"" + volume + "\" has no \"" + path + "\"");
    }
}
