package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.FactReader;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.HistoryFormat.Point;
import dev.quern.vector.HistoryPlanner.Bounds;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The histories of collections, as facts: points, each a checkpoint with the time it was made, and
/// the tail since the first of them. So the rows after any write in between can be had by replaying
/// from the point before it. Without a history a checkpoint cuts the tail that it covers; with one
/// [#purge] cuts it later, once no point needs it. Thread-safe.
final class History {
    /// Facts of a tail in a transaction of a purge; each is read.
    private static final int CUT_FACTS = 64;

    /// Such transactions in one purge; what is left is for the next.
    private static final int MAX_CUTS = 256;

    private final MetaLog facts;
    private final InstantSource clock;
    private final Bounds defaults;

    /// @param defaults of collections that have no window of their own
    History(MetaLog facts, InstantSource clock, Bounds defaults) {
        this.facts = facts;
        this.clock = clock;
        this.defaults = defaults;
    }

    /// How far a collection's history reaches back.
    Bounds bounds(SpaceId space, String id) {
        return facts.find(space, Keys.window(id))
                .map(fact -> new Bounds(WindowFormat.decode(fact.value()), defaults.bytes()))
                .orElse(defaults);
    }

    /// Sets how far a collection's history reaches back. The caller makes a checkpoint when one is
    /// to begin.
    void setWindow(Definition definition, Duration window) {
        Txn.Builder txn =
                Txn.in(definition.space())
                        .when(Catalog.alive(definition))
                        .put(Keys.window(definition.id()), WindowFormat.encode(window));
        if (window.isZero()) {
            forget(txn, definition.id());
        }
        try {
            facts.commit(txn.build());
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CONFLICT ? Catalog.notFound(definition.name()) : e;
        }
    }

    /// The points of a collection in order of their tokens.
    List<Point> points(Definition definition) {
        return points(definition.space(), definition.id());
    }

    List<Point> points(SpaceId space, String id) {
        List<Point> points = new ArrayList<>();
        // More than rollbacks could add from one purge to the next.
        facts.scan(space, Keys.history(id), Optional.empty(), FactReader.MAX_SCAN)
                .forEach(fact -> points.add(HistoryFormat.decode(fact)));
        return points;
    }

    /// Adds to the transaction that creates a collection that its history begins without rows.
    void beginEmpty(Txn.Builder txn, Definition definition) {
        if (!defaults.window().isZero()) {
            put(txn, definition.id(), Point.empty(definition.createdAt()));
        }
    }

    /// Adds to the transaction that creates a branch that its history begins with its checkpoint.
    void begin(Txn.Builder txn, Definition branch, Checkpoint checkpoint) {
        if (!defaults.window().isZero()) {
            put(
                    txn,
                    branch.id(),
                    new Point(
                            checkpoint.token(),
                            branch.createdAt(),
                            checkpoint.token(),
                            0,
                            Optional.empty(),
                            Optional.of(checkpoint)));
        }
    }

    /// Adds to the transaction that saves a checkpoint what becomes of the tail: without a history
    /// it is cut, else it stays and the checkpoint is a point.
    ///
    /// @param through the last write of which the files may hold a part
    /// @param bytes framed, of the writes that the checkpoint covers and the one before did not
    void checkpoint(
            Txn.Builder txn,
            Definition definition,
            Checkpoint checkpoint,
            long through,
            long bytes) {
        String id = definition.id();
        Bounds bounds = bounds(definition.space(), id);
        if (bounds.window().isZero()) {
            forget(txn, id);
            txn.then(
                    new Txn.Mutation.DeleteThrough(
                            Keys.tail(id), Keys.tailThrough(id, checkpoint.token())));
            return;
        }
        List<Point> points = points(definition);
        long written = points.isEmpty() ? 0 : points.getLast().written() + Math.max(0, bytes);
        Point point =
                new Point(
                        checkpoint.token(),
                        now(),
                        through,
                        written,
                        Optional.empty(),
                        Optional.of(checkpoint));
        if (!points.isEmpty() && points.getLast().token() == point.token()) {
            Point same = points.getLast();
            if (!same.isRollback() && through <= same.through()) {
                put(txn, id, point);
            }
            return;
        }
        HistoryPlanner.thin(points, bounds).ifPresent(near -> txn.delete(key(id, near)));
        put(txn, id, point);
    }

    /// Adds to the transaction of a rollback that the rows are others from then on. The tail stays
    /// where there is a history: the checkpoint's token is greater than those of all its writes.
    ///
    /// @param before a chunk with the fields until now
    void rollback(Txn.Builder txn, Definition definition, Checkpoint checkpoint, ChunkId before) {
        String id = definition.id();
        List<Point> points = points(definition);
        boolean kept = !bounds(definition.space(), id).window().isZero();
        if (!kept || points.isEmpty()) {
            forget(txn, id);
            txn.then(new Txn.Mutation.DeleteThrough(Keys.tail(id), Keys.tail(id)));
        }
        if (kept) {
            txn.require(before);
            long written = points.isEmpty() ? 0 : points.getLast().written();
            put(
                    txn,
                    id,
                    new Point(
                            checkpoint.token(),
                            now(),
                            checkpoint.token(),
                            written,
                            Optional.of(before),
                            Optional.of(checkpoint)));
        }
    }

    /// Adds that there is no history; without its points a tail that is cut misleads nobody.
    static void forget(Txn.Builder txn, String id) {
        txn.then(new Txn.Mutation.DeleteThrough(Keys.history(id), Keys.history(id)));
    }

    private Instant now() {
        return Instant.ofEpochMilli(clock.instant().toEpochMilli());
    }

    private static void put(Txn.Builder txn, String id, Point point) {
        txn.put(key(id, point), HistoryFormat.encode(point));
        point.checkpoint().ifPresent(checkpoint -> txn.require(checkpoint.manifest()));
    }

    private static Key key(String id, Point point) {
        return Keys.history(id).child(Key.number(point.token()));
    }

    /// Removes points that are older than the window, then the tail that no point needs, by
    /// transactions of a bounded size and a bounded number of them. After a crash in between the
    /// next purge goes on.
    ///
    /// @return whether something is left for the next
    boolean purge(SpaceId space, String id) {
        List<Point> points = points(space, id);
        List<Point> gone = HistoryPlanner.drop(points, bounds(space, id), clock.instant());
        if (!gone.isEmpty()) {
            Txn.Builder txn = Txn.in(space);
            gone.forEach(point -> txn.delete(key(id, point)));
            facts.commit(txn.build());
        }
        return cut(space, id, gone.size() < points.size() ? points.get(gone.size()) : null);
    }

    private boolean cut(SpaceId space, String id, @Nullable Point first) {
        long through =
                first != null
                        ? first.token()
                        : facts.find(space, Keys.checkpoint(id))
                                .map(fact -> CheckpointFormat.decode(fact.value()).token())
                                .orElse(0L);
        Key tail = Keys.tail(id);
        for (int cuts = 0; cuts < MAX_CUTS; cuts++) {
            // The first alone tells whether there is anything to cut, at the cost of one value.
            List<MetaLog.Fact> page =
                    facts.scan(space, tail, Optional.empty(), cuts == 0 ? 1 : CUT_FACTS);
            Optional<Key> last =
                    page.stream()
                            .map(MetaLog.Fact::key)
                            .filter(key -> Keys.token(key) <= through)
                            .reduce((_, later) -> later);
            if (last.isEmpty()) {
                return false;
            }
            facts.commit(
                    Txn.in(space).then(new Txn.Mutation.DeleteThrough(tail, last.get())).build());
        }
        return true;
    }

    /// What a collection's history reaches back to.
    HistoryInfo info(Definition definition) {
        Bounds bounds = bounds(definition.space(), definition.id());
        List<Point> points = points(definition);
        if (points.isEmpty() || bounds.window().isZero()) {
            return new HistoryInfo(bounds.window(), Optional.empty(), 0, 0, 0);
        }
        Point first = points.getFirst();
        return new HistoryInfo(
                bounds.window(),
                Optional.of(first.at()),
                first.through(),
                points.size(),
                points.getLast().written() - first.written());
    }
}
