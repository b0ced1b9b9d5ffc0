package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.SnapshotFormat.Kept;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Snapshots of collections, branches and rollbacks. Each is one transaction that names files which
/// are there already, so it takes the same time for any number of rows; of a live collection a
/// checkpoint of what was written lately comes first. Thread-safe.
public final class CollectionVersions {
    private static final int MAX_SNAPSHOTS = 1_000;
    private static final int MAX_TRIES = 20;

    /// The longest window of a history.
    public static final Duration MAX_WINDOW = Duration.ofDays(30);

    /// From then on companions that change all the time are left behind.
    private static final int MAX_TRIES_WITH_COMPANIONS = 5;

    private final Parts parts;

    /// What it works with.
    ///
    /// @param saving makes checkpoints
    record Parts(
            Catalog catalog,
            ChunkStore chunks,
            MetaLog facts,
            CheckpointStore checkpoints,
            Snapshots snapshots,
            PastStates past,
            History history,
            Companions companions,
            OpenCollections open,
            OpenSnapshots kept,
            CpuPool saving,
            InstantSource clock,
            IdSource ids) {}

    CollectionVersions(Parts parts) {
        this.parts = parts;
    }

    /// Keeps a live collection's rows and fields as they are: with every write that was
    /// acknowledged before, and none in part. Writes wait while the last of them are flushed.
    ///
    /// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`
    /// @throws QuernException `NOT_FOUND`; `CONFLICT` if the collection has a snapshot of the name;
    ///   `INVALID` for the name, or at 1,000 snapshots of one collection
    public SnapshotInfo snapshot(SpaceId space, String collection, String name) {
        Definition definition = parts.catalog().settled(parts.catalog().get(space, collection));
        requireFree(definition, name);
        Instant now = Instant.ofEpochMilli(parts.clock().instant().toEpochMilli());
        exactly(
                definition,
                () -> requireFree(definition, name),
                (live, companions) ->
                        (txn, content) -> {
                            Schema schema = live.schema().now();
                            parts.snapshots()
                                    .put(
                                            txn,
                                            definition,
                                            new Kept(
                                                    name,
                                                    now,
                                                    content.bytes(),
                                                    parts.snapshots().putSchema(definition, schema),
                                                    content.checkpoint(),
                                                    0));
                            parts.companions()
                                    .put(txn, companions, Companions.owner(definition, name));
                        },
                _ -> {});
        return parts.snapshots().get(definition, name).info();
    }

    /// Keeps the rows and fields as they were.
    ///
    /// @param at as [CollectionRef] has it: another snapshot, a token or a moment
    /// @throws QuernException as the other; for `at` as a read of it
    public SnapshotInfo snapshot(SpaceId space, String collection, String name, String at) {
        Definition definition = parts.catalog().settled(parts.catalog().get(space, collection));
        requireFree(definition, name);
        KeptState state = parts.past().get(definition, at);
        Instant now = Instant.ofEpochMilli(parts.clock().instant().toEpochMilli());
        try (ChunkPins _ = parts.chunks().pinWrites(space);
                OpenSnapshots.Lease lease = acquire(definition, state)) {
            Fixed fixed = fix(definition, state, lease);
            Txn.Builder txn = Txn.in(space).when(Catalog.alive(definition));
            fixed.still().ifPresent(txn::when);
            ChunkId schema =
                    parts.snapshots()
                            .putSchema(definition, parts.snapshots().schema(definition, state));
            parts.chunks().sync();
            parts.snapshots()
                    .put(
                            txn,
                            definition,
                            new Kept(name, now, fixed.bytes(), schema, fixed.checkpoint(), 0));
            parts.companions().put(txn, fixed.companions(), Companions.owner(definition, name));
            parts.facts().commit(txn.build());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CONFLICT) {
                requireFree(parts.catalog().current(definition), name);
            }
            throw e;
        }
        return parts.snapshots().get(definition, name).info();
    }

    /// What a state becomes of which a fact is made.
    ///
    /// @param bytes of its files
    /// @param companions none of a state of a history: what others kept about the rows is not known
    /// @param still that it is there
    private record Fixed(
            Checkpoint checkpoint,
            long bytes,
            byte[] schema,
            List<MetaLog.Fact> companions,
            Optional<Txn.Condition> still) {}

    private Fixed fix(Definition definition, Kept kept) {
        return new Fixed(
                kept.checkpoint(),
                kept.bytes(),
                parts.snapshots().schemaBytes(definition, kept),
                parts.companions()
                        .read(definition.space(), Companions.owner(definition, kept.name())),
                Optional.of(Snapshots.exists(definition, kept)));
    }

    /// Stores the files of a state of a history that are not yet. The caller holds a pin.
    private Fixed fix(Definition definition, KeptState state, OpenSnapshots.Lease lease) {
        return switch (state) {
            case Kept kept -> fix(definition, kept);
            case KeptState.Past past -> {
                PastStates.Laid laid = lease.laid();
                CheckpointStore.Snapshot files =
                        new CheckpointStore.Snapshot(
                                lease.files().directory(),
                                laid.committed(),
                                past.token(),
                                past.token(),
                                0,
                                laid.commitId());
                CheckpointStore.Content content =
                        parts.saving().call(() -> put(definition, laid, files));
                yield new Fixed(
                        content.checkpoint(),
                        content.bytes(),
                        SchemaFormat.encode(past.schema()),
                        List.of(),
                        Optional.empty());
            }
        };
    }

    private CheckpointStore.Content put(
            Definition definition, PastStates.Laid laid, CheckpointStore.Snapshot files) {
        try {
            return parts.checkpoints().put(definition, laid.files(), files);
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "collection \"" + definition.name() + "\" cannot be saved: " + e,
                    e);
        }
    }

    /// How far back a collection can be read.
    ///
    /// @throws QuernException `NOT_FOUND`
    public HistoryInfo history(SpaceId space, String collection) {
        return parts.history().info(parts.catalog().get(space, collection));
    }

    /// Sets how long what was can be read of a collection. Where no history was, it begins with a
    /// checkpoint that is made now; what a shorter window leaves out goes in the background.
    ///
    /// @param window whole seconds, up to 30 days; zero: no history
    /// @throws QuernException `NOT_FOUND`; `INVALID` for the window
    public HistoryInfo setHistory(SpaceId space, String collection, Duration window) {
        if (window.isNegative() || window.compareTo(MAX_WINDOW) > 0) {
            throw QuernException.invalid(
                    "history must be 0 to "
                            + MAX_WINDOW.toSeconds()
                            + " seconds, got "
                            + window.toSeconds());
        }
        Definition definition = parts.catalog().settled(parts.catalog().get(space, collection));
        parts.history().setWindow(definition, window);
        if (!window.isZero() && parts.history().points(definition).isEmpty()) {
            exactly(definition, () -> {}, (_, _) -> CheckpointStore.Addition.NONE, _ -> {});
        }
        parts.history().purge(space, definition.id());
        return parts.history().info(definition);
    }

    private void requireFree(Definition definition, String name) {
        if (parts.snapshots().find(definition, name).isPresent()) {
            throw QuernException.conflict(
                    "collection \""
                            + definition.name()
                            + "\" has a snapshot \""
                            + name
                            + "\" already");
        }
        if (parts.snapshots().list(definition).size() >= MAX_SNAPSHOTS) {
            throw QuernException.invalid(
                    "collection \""
                            + definition.name()
                            + "\" has "
                            + MAX_SNAPSHOTS
                            + " snapshots, the bound is reached: delete some");
        }
    }

    /// What a step adds to the checkpoint of an open collection.
    private interface Step {
        /// @param companions as they are when the step takes place
        CheckpointStore.Addition of(LiveCollection live, List<MetaLog.Fact> companions);
    }

    /// Makes a step true together with a checkpoint of exactly what was acknowledged.
    ///
    /// @param require throws what a conflict means
    /// @param then as [Checkpointer#saveExactly] takes it
    private void exactly(
            Definition definition,
            Runnable require,
            Step step,
            Consumer<CheckpointStore.Donor> then) {
        for (int tries = 1; ; tries++) {
            try (OpenCollections.Lease lease = parts.open().acquire(definition);
                    ChunkPins _ = parts.chunks().pinWrites(definition.space())) {
                LiveCollection live = lease.live();
                try {
                    List<MetaLog.Fact> companions =
                            tries > MAX_TRIES_WITH_COMPANIONS
                                    ? List.of()
                                    : parts.companions().read(definition.space(), definition.id());
                    CheckpointStore.Addition addition = step.of(live, companions);
                    parts.saving()
                            .call(() ->
                                    checkpoint(
                                            live,
                                            (txn, content) -> {
                                                Companions.requireUnchanged(txn, companions);
                                                addition.to(txn, content);
                                            },
                                            then));
                    return;
                } catch (QuernException e) {
                    boolean again =
                            switch (e.kind()) {
                                case CONFLICT -> true;
                                case UNAVAILABLE -> live.isFailed();
                                default -> false;
                            };
                    if (!again || tries == MAX_TRIES) {
                        throw e;
                    }
                }
            }
            parts.catalog().current(definition);
            require.run();
        }
    }

    private static boolean checkpoint(
            LiveCollection live,
            CheckpointStore.Addition addition,
            Consumer<CheckpointStore.Donor> then) {
        try {
            live.checkpointExactly(addition, then);
            return true;
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "collection \"" + live.definition().name() + "\" cannot be saved: " + e,
                    e);
        }
    }

    /// The snapshots of a collection in name order.
    ///
    /// @throws QuernException `NOT_FOUND`
    public List<SnapshotInfo> snapshots(SpaceId space, String collection) {
        return parts.snapshots().list(parts.catalog().get(space, collection)).stream()
                .map(Kept::info)
                .toList();
    }

    /// A snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    public SnapshotInfo snapshotInfo(SpaceId space, String collection, String name) {
        return parts.snapshots().get(parts.catalog().get(space, collection), name).info();
    }

    /// Deletes a snapshot. Branches that were made of it stay; reads of it that go on end well.
    ///
    /// @throws QuernException `NOT_FOUND`
    public void deleteSnapshot(SpaceId space, String collection, String name) {
        Definition definition = parts.catalog().get(space, collection);
        Kept kept = parts.snapshots().get(definition, name);
        parts.snapshots().delete(definition, kept);
        parts.kept().drop(definition, Optional.of(kept));
    }

    /// Makes a collection that begins with the rows and fields of another, or of a snapshot of it.
    /// Nothing is copied: both have the same files until they write others. From then on neither
    /// sees what becomes of the other.
    ///
    /// @param source whose rows
    /// @param name of the new collection
    /// @throws QuernException `NOT_FOUND` for the source; `INVALID` for the name; `CONFLICT` if it
    ///   is taken
    public void branch(SpaceId space, CollectionRef source, String name) {
        Names.require("collection", name);
        requireNew(space, name);
        Definition from = parts.catalog().settled(parts.catalog().get(space, source.name()));
        Definition branch =
                new Definition(
                        space,
                        name,
                        parts.ids().next(),
                        Instant.ofEpochMilli(parts.clock().instant().toEpochMilli()),
                        Optional.empty(),
                        List.of(),
                        0,
                        0);
        if (source.at().isPresent()) {
            KeptState state = parts.past().get(from, source.at().get());
            switch (state) {
                case Kept kept -> branch(from, kept.what(), fix(from, kept), branch);
                case KeptState.Past past -> branch(from, past, branch);
            }
            return;
        }
        exactly(
                from,
                () -> requireNew(space, name),
                (live, companions) ->
                        (txn, content) -> {
                            byte[] schema = SchemaFormat.encode(live.schema().now());
                            begin(txn, branch, schema, content.checkpoint());
                            parts.companions().put(txn, companions, branch.id());
                        },
                files -> prepare(branch, files));
    }

    private void requireNew(SpaceId space, String name) {
        if (parts.catalog().find(space, name).isPresent()) {
            throw CatalogNames.taken(name);
        }
    }

    private void branch(Definition from, KeptState.Past past, Definition branch) {
        try (ChunkPins _ = parts.chunks().pinWrites(from.space());
                OpenSnapshots.Lease lease = acquire(from, past)) {
            branch(from, past.what(), fix(from, past, lease), branch);
        }
    }

    private void branch(Definition from, String what, Fixed fixed, Definition branch) {
        Txn.Builder txn = Txn.in(from.space());
        fixed.still().ifPresent(txn::when);
        begin(txn, branch, fixed.schema(), fixed.checkpoint());
        parts.companions().put(txn, fixed.companions(), branch.id());
        try {
            parts.facts().commit(txn.require(fixed.checkpoint().manifest()).build());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CONFLICT) {
                requireNew(from.space(), branch.name());
                throw QuernException.notFound(
                        "collection \"" + from.name() + "\" has no " + what + " any more");
            }
            throw e;
        }
    }

    private void begin(Txn.Builder txn, Definition branch, byte[] schema, Checkpoint checkpoint) {
        CatalogNames.requireFree(txn, branch.name());
        txn.put(Keys.definition(branch.name()), DefinitionFormat.encode(branch))
                .put(Keys.schema(branch.id()), schema)
                .put(Keys.checkpoint(branch.id()), CheckpointFormat.encode(checkpoint));
        parts.history().begin(txn, branch, checkpoint);
    }

    private void prepare(Definition branch, CheckpointStore.Donor files) {
        parts.checkpoints()
                .find(branch)
                .ifPresent(saved -> parts.open().prepare(branch, saved, files));
    }

    /// Returns a live collection to a snapshot of it, or a state of its history: rows and fields
    /// are as they were then, and what was written since is gone. Name, id, aliases and snapshots
    /// stay, the later ones too. Searches under way end on the rows of before. A write that goes on
    /// meanwhile takes place before, and is gone, or after, and is kept, or is refused. Tokens go
    /// on growing.
    ///
    /// @param to as [CollectionRef] has it: a snapshot, a token or a moment
    /// @throws QuernException `NOT_FOUND` for the collection and what to return to
    public void rollback(SpaceId space, String collection, String to) {
        for (int tries = 1; ; tries++) {
            Definition definition = parts.catalog().settled(parts.catalog().get(space, collection));
            KeptState state = parts.past().get(definition, to);
            try (ChunkPins _ = parts.chunks().pinWrites(space);
                    OpenSnapshots.Lease lease = acquire(definition, state)) {
                Fixed fixed = fix(definition, state, lease);
                CheckpointStore.Donor donor =
                        new CheckpointStore.Donor(
                                lease.files().directory(),
                                parts.checkpoints()
                                        .read(definition, fixed.checkpoint(), 0)
                                        .files());
                parts.open().replace(definition, () -> commitRollback(definition, fixed), donor);
                return;
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT || tries == MAX_TRIES) {
                    throw e;
                }
            }
        }
    }

    /// Opens the state first, so that the collection need not wait for its files.
    @MustBeClosed
    private OpenSnapshots.Lease acquire(Definition definition, KeptState state) {
        return parts.kept().acquire(definition, state);
    }

    /// Called while no write of this process is in flight.
    private CheckpointStore.Saved commitRollback(Definition before, Fixed fixed) {
        ChunkId fields = parts.snapshots().putSchema(before, parts.catalog().schema(before));
        parts.chunks().sync();
        Definition definition = renewed(before);
        long token = parts.facts().appliedIndex();
        Checkpoint then = fixed.checkpoint();
        Checkpoint now =
                new Checkpoint(
                        token, then.rows(), then.expires(), then.commitId(), then.manifest());
        String id = definition.id();
        Txn.Builder txn =
                Txn.in(definition.space())
                        .when(WriteLog.exists(definition))
                        .put(
                                Keys.definition(definition.name()),
                                DefinitionFormat.encode(definition.rolledBack(token)))
                        .put(Keys.schema(id), fixed.schema())
                        .put(Keys.checkpoint(id), CheckpointFormat.encode(now))
                        .require(then.manifest());
        fixed.still().ifPresent(txn::when);
        parts.history().rollback(txn, definition, now, fields);
        parts.companions().delete(txn, id);
        parts.companions().put(txn, fixed.companions(), id);
        long version = parts.facts().commit(txn.build());
        return parts.checkpoints().read(definition, now, version);
    }

    /// Writes a definition anew as it is: a write that was sent before and is not in the log by
    /// then is refused, so none has a token between this and the rollback.
    private Definition renewed(Definition definition) {
        long version =
                parts.facts()
                        .commit(
                                Txn.in(definition.space())
                                        .when(WriteLog.exists(definition))
                                        .put(
                                                Keys.definition(definition.name()),
                                                DefinitionFormat.encode(definition))
                                        .build());
        return definition.withVersion(version);
    }
}
