package dev.quern.client;

import dev.quern.common.wire.AliasBody;
import dev.quern.common.wire.AliasList;
import dev.quern.common.wire.BranchCollection;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CreateSnapshot;
import dev.quern.common.wire.HistoryBody;
import dev.quern.common.wire.RenameCollection;
import dev.quern.common.wire.RollbackCollection;
import dev.quern.common.wire.SetAlias;
import dev.quern.common.wire.SetHistory;
import dev.quern.common.wire.SnapshotBody;
import dev.quern.common.wire.SnapshotList;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The versioned life of collections: aliases, renames, snapshots, branches, rollbacks and
/// histories. Where [Collections] takes `at`, it is a snapshot's name, the token of a write (its
/// digits) or a moment (RFC 3339, as [java.time.Instant#toString] has it).
public final class CollectionVersions {
    private final HttpTransport http;

    CollectionVersions(HttpTransport http) {
        this.http = http;
    }

    /// Keeps a collection's rows and fields as they are: with every write that was acknowledged
    /// before, and none in part.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if it has a snapshot of the name
    public SnapshotBody snapshot(String collection, String name) {
        return snapshot(collection, name, null);
    }

    /// Keeps a collection's rows and fields as they were.
    ///
    /// @param at another snapshot, a token or a moment; null: the rows as they are now
    /// @throws dev.quern.common.QuernException `CONFLICT` if it has a snapshot of the name;
    ///   `NOT_FOUND` for what is before the history
    public SnapshotBody snapshot(String collection, String name, @Nullable String at) {
        return http.json(
                post(new CreateSnapshot(name, at), collection, "snapshots"), SnapshotBody.class);
    }

    /// How far back a collection can be read.
    public HistoryBody history(String collection) {
        return http.json(
                Request.get(Target.of("collections", collection, "history")), HistoryBody.class);
    }

    /// Sets how long what was can be read of a collection.
    ///
    /// @param window whole seconds, up to 30 days; zero: not at all
    public HistoryBody setHistory(String collection, Duration window) {
        return http.json(
                Request.json(
                        "PUT",
                        Target.of("collections", collection, "history"),
                        new SetHistory(window.toSeconds()),
                        Retry.ALWAYS),
                HistoryBody.class);
    }

    /// The snapshots of a collection in name order.
    public List<SnapshotBody> snapshots(String collection) {
        return http.json(
                        Request.get(Target.of("collections", collection, "snapshots")),
                        SnapshotList.class)
                .snapshots();
    }

    /// A snapshot.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public SnapshotBody getSnapshot(String collection, String name) {
        return http.json(
                Request.get(Target.of("collections", collection, "snapshots", name)),
                SnapshotBody.class);
    }

    /// Deletes a snapshot; branches that were made of it stay.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public void deleteSnapshot(String collection, String name) {
        http.run(Request.delete(Target.of("collections", collection, "snapshots", name)));
    }

    /// Makes a collection that begins with the rows of another, without copying them.
    ///
    /// @param name of the new collection
    /// @param at a snapshot, a token or a moment to begin with; null: the rows as they are now
    /// @throws dev.quern.common.QuernException `CONFLICT` if the name is taken
    public CollectionBody branch(String collection, String name, @Nullable String at) {
        return http.json(
                post(new BranchCollection(name, at), collection, "branch"), CollectionBody.class);
    }

    /// Returns a collection to a snapshot of it, or a state of its history: what was written since
    /// is gone.
    ///
    /// @param to a snapshot, a token or a moment
    /// @throws dev.quern.common.QuernException `NOT_FOUND`
    public CollectionBody rollback(String collection, String to) {
        return http.json(
                post(new RollbackCollection(to), collection, "rollback"), CollectionBody.class);
    }

    /// Gives a collection another name.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if a collection or an alias has it
    public CollectionBody rename(String collection, String to) {
        return http.json(
                post(new RenameCollection(to), collection, "rename"), CollectionBody.class);
    }

    /// Makes an alias mean a collection, whatever it meant before, from one moment to the next.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if a collection has the name
    public AliasBody setAlias(String alias, String collection) {
        return http.json(
                Request.json(
                        "PUT", Target.of("aliases", alias), new SetAlias(collection), Retry.ALWAYS),
                AliasBody.class);
    }

    /// All aliases in name order.
    public List<AliasBody> aliases() {
        return http.json(Request.get(Target.of("aliases")), AliasList.class).aliases();
    }

    /// Takes an alias away; its collection stays.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public void deleteAlias(String alias) {
        http.run(Request.delete(Target.of("aliases", alias)));
    }

    /// These must not be done twice.
    private static Request post(Object body, String collection, String verb) {
        return Request.json(
                        "POST",
                        Target.of("collections", collection, verb),
                        body,
                        Retry.IF_NOT_ADMITTED)
                .waiting();
    }
}
