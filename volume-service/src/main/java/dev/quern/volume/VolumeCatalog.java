package dev.quern.volume;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.VolumeFormat.Volume;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Which volumes there are, and the commits of each. The facts are laid out in [VolumeFormat].
/// Thread-safe.
final class VolumeCatalog {
    private static final String MAIN = "main";
    private static final int PAGE = 1000;
    private static final int MAX_HISTORY = 10_000;

    private final ChunkStore chunks;
    private final MetaLog facts;
    private final NodeStore nodes;
    private final InstantSource clock;

    @GuardedBy("this")
    private final RandomGenerator random;

    VolumeCatalog(
            ChunkStore chunks,
            MetaLog facts,
            NodeStore nodes,
            InstantSource clock,
            RandomGenerator random) {
        this.chunks = chunks;
        this.facts = facts;
        this.nodes = nodes;
        this.clock = clock;
        this.random = random;
    }

    /// A branch's head.
    ///
    /// @param commit its name
    /// @param version of the fact that says so
    record Head(CommitId commit, long version) {}

    VolumeInfo create(SpaceId space, String name, boolean ifNotExists) {
        Names.require("volume", name);
        if (findVolume(space, name).isEmpty()) {
            try (ChunkPins _ = chunks.pinWrites(space)) {
                return insert(space, name);
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT) {
                    throw e;
                }
            }
        }
        if (!ifNotExists) {
            throw QuernException.conflict("volume \"" + name + "\" exists already");
        }
        return get(space, name);
    }

    private VolumeInfo insert(SpaceId space, String name) {
        String id = newId();
        Instant now = now();
        Leaf empty = new Leaf(List.of());
        Commit first =
                new Commit(
                        id,
                        Optional.empty(),
                        nodes.write(space, empty, VolumePath.ROOT),
                        now,
                        "",
                        0,
                        0);
        CommitId head = write(space, first);
        chunks.sync();
        facts.commit(
                Txn.in(space)
                        .when(new Condition.Absent(volumeKey(name)))
                        .put(volumeKey(name), VolumeFormat.encode(id, now))
                        .put(refKey(id), VolumeFormat.encodeRef(head))
                        .put(commitKey(id, head), VolumeFormat.encodeMembership())
                        .require(first.root())
                        .require(head.chunk())
                        .build());
        return new VolumeInfo(name, id, now, head);
    }

    VolumeInfo get(SpaceId space, String name) {
        return info(volume(space, name), head(space, volume(space, name)));
    }

    List<VolumeInfo> list(SpaceId space) {
        List<VolumeInfo> volumes = new ArrayList<>();
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, Key.of("volume"), after, PAGE);
            for (MetaLog.Fact fact : page) {
                Volume volume =
                        VolumeFormat.decode(fact.key().last(), fact.version(), fact.value());
                // One that is deleted meanwhile is left out.
                findHead(space, volume).ifPresent(head -> volumes.add(info(volume, head)));
                after = Optional.of(fact.key());
            }
        } while (page.size() == PAGE);
        return volumes;
    }

    void delete(SpaceId space, String name) {
        Volume volume = volume(space, name);
        Txn.Builder txn = Txn.in(space).when(unchanged(volume)).delete(volumeKey(name));
        for (String facts : List.of("volume-ref", "volume-commit", "volume-stage")) {
            Key all = Key.of(facts, volume.id());
            txn.then(new Mutation.DeleteThrough(all, all));
        }
        try {
            facts.commit(txn.build());
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CONFLICT ? noVolume(name) : e;
        }
    }

    /// A volume by its name.
    Volume volume(SpaceId space, String name) {
        Names.require("volume", name);
        return findVolume(space, name).orElseThrow(() -> noVolume(name));
    }

    /// Holds as long as the name means this volume.
    Condition unchanged(Volume volume) {
        return new Condition.Version(volumeKey(volume.name()), volume.version());
    }

    /// The head of branch `main`.
    Head head(SpaceId space, Volume volume) {
        return findHead(space, volume).orElseThrow(() -> noVolume(volume.name()));
    }

    /// The transaction that moves the head, unless another has moved it since, and makes the commit
    /// part of the history.
    Txn.Builder moveHead(SpaceId space, Volume volume, Head from, CommitId to) {
        return Txn.in(space)
                .when(unmoved(volume, from))
                .put(refKey(volume.id()), VolumeFormat.encodeRef(to))
                .put(commitKey(volume.id(), to), VolumeFormat.encodeMembership())
                .require(to.chunk());
    }

    /// Holds as long as the head has not moved.
    Condition unmoved(Volume volume, Head head) {
        return new Condition.Version(refKey(volume.id()), head.version());
    }

    /// The commit that a text names: empty or `main` the head, else its id.
    CommitInfo resolve(SpaceId space, Volume volume, Optional<String> at) {
        String text = at.orElse("");
        CommitId id;
        if (text.isEmpty() || text.equals(MAIN)) {
            id = head(space, volume).commit();
        } else if (CommitId.isForm(text)) {
            id = new CommitId(text);
        } else {
            throw QuernException.notFound(
                    "volume \""
                            + volume.name()
                            + "\" has no branch or commit \""
                            + Names.abbreviate(text)
                            + "\"");
        }
        return commit(space, volume, id).info(id);
    }

    /// A commit of the volume's history.
    ///
    /// @throws QuernException `NOT_FOUND` if it is not in the history
    Commit commit(SpaceId space, Volume volume, CommitId id) {
        if (facts.find(space, commitKey(volume.id(), id)).isEmpty()) {
            throw QuernException.notFound("volume \"" + volume.name() + "\" has no commit " + id);
        }
        Commit commit = CommitFormat.decode(chunks.read(space, id.chunk()), id);
        if (!commit.volumeId().equals(volume.id())) {
            throw QuernException.corrupt(
                    "commit "
                            + id
                            + " must be of volume "
                            + volume.id()
                            + ", is of "
                            + commit.volumeId());
        }
        return commit;
    }

    /// Commits from the head backwards.
    List<CommitInfo> history(SpaceId space, Volume volume, int limit) {
        if (limit < 1 || limit > MAX_HISTORY) {
            throw QuernException.invalid("limit must be 1 to " + MAX_HISTORY + ", got " + limit);
        }
        List<CommitInfo> commits = new ArrayList<>();
        Optional<CommitId> next = Optional.of(head(space, volume).commit());
        while (next.isPresent() && commits.size() < limit) {
            CommitInfo info = commit(space, volume, next.get()).info(next.get());
            commits.add(info);
            next = info.parent();
        }
        return commits;
    }

    /// Stores a commit; durable after the next sync of the chunk store.
    CommitId write(SpaceId space, Commit commit) {
        MemorySegment bytes = MemorySegment.ofArray(CommitFormat.encode(commit));
        return CommitId.of(chunks.put(space, bytes).id());
    }

    /// The time, as exact as formats keep it.
    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private Optional<Volume> findVolume(SpaceId space, String name) {
        return facts.find(space, volumeKey(name))
                .map(fact -> VolumeFormat.decode(name, fact.version(), fact.value()));
    }

    private Optional<Head> findHead(SpaceId space, Volume volume) {
        return facts.find(space, refKey(volume.id()))
                .map(fact ->
                        new Head(
                                VolumeFormat.decodeRef(volume.name(), fact.value()),
                                fact.version()));
    }

    private static VolumeInfo info(Volume volume, Head head) {
        return new VolumeInfo(volume.name(), volume.id(), volume.createdAt(), head.commit());
    }

    private synchronized String newId() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static Key volumeKey(String name) {
        return Key.of("volume", name);
    }

    private static Key refKey(String volumeId) {
        return Key.of("volume-ref", volumeId, MAIN);
    }

    private static Key commitKey(String volumeId, CommitId commit) {
        return Key.of("volume-commit", volumeId, commit.hex());
    }

    private static QuernException noVolume(String name) {
        return QuernException.notFound("no volume \"" + name + "\"");
    }
}
