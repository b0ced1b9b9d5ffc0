package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/// A step of names and versions: one transaction, so it is done or refused, and a crash leaves it
/// taken or not.
///
/// @param collection what it concerns
/// @param other the snapshot, or the other name
record CrashStep(Kind kind, String collection, String other, Optional<String> at)
        implements CrashOp {
    private static final String DONE = "done";
    private static final String REFUSED = "refused";

    /// What it does.
    enum Kind {
        DROP,
        SNAPSHOT,
        DROP_SNAPSHOT,
        /// To `other`, of `collection` at a snapshot or now.
        BRANCH,
        ROLLBACK,
        /// Makes the alias `other` mean the collection.
        ALIAS,
        /// Takes the alias `other` away.
        UNALIAS,
        RENAME
    }

    static CrashStep of(int writer, Random random) {
        String own = CrashOp.own(writer);
        String moved = CrashOp.moved(writer);
        String branch = CrashOp.branch(writer);
        List<String> mine = List.of(own, own, moved, branch);
        String any = mine.get(random.nextInt(mine.size()));
        String place = random.nextInt(3) == 0 ? SHARED : any;
        String snapshot = snapshot(writer, random);
        return switch (random.nextInt(16)) {
            case 0, 1 -> step(Kind.DROP, any, "");
            case 2, 3, 4, 5 -> step(Kind.SNAPSHOT, place, snapshot);
            case 6 -> step(Kind.DROP_SNAPSHOT, place, snapshot);
            case 7 -> step(Kind.DROP, branch, "");
            case 8, 9 ->
                    new CrashStep(
                            Kind.BRANCH,
                            random.nextBoolean() ? SHARED : own,
                            branch,
                            random.nextBoolean() ? Optional.empty() : Optional.of(snapshot));
            case 10, 11, 12 -> step(Kind.ROLLBACK, any, snapshot);
            case 13 -> step(Kind.ALIAS, any, CrashOp.alias(writer));
            case 14 ->
                    random.nextInt(3) == 0
                            ? step(Kind.UNALIAS, any, CrashOp.alias(writer))
                            : step(Kind.RENAME, own, moved);
            default -> step(Kind.RENAME, moved, own);
        };
    }

    private static CrashStep step(Kind kind, String collection, String other) {
        return new CrashStep(kind, collection, other, Optional.empty());
    }

    /// One of two names of snapshots that only this writer takes.
    static String snapshot(int writer, Random random) {
        return "w" + writer + "-" + random.nextInt(2);
    }

    @Override
    public Told run(CollectionService service) {
        try {
            take(service);
            return Told.of(DONE);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND && e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            return Told.of(REFUSED);
        }
    }

    private void take(CollectionService service) {
        CollectionVersions versions = service.versions();
        switch (kind) {
            case DROP -> service.delete(SPACE, collection);
            case SNAPSHOT -> {
                var _ = versions.snapshot(SPACE, collection, other);
            }
            case DROP_SNAPSHOT -> versions.deleteSnapshot(SPACE, collection, other);
            case BRANCH ->
                    versions.branch(
                            SPACE,
                            at.map(s -> CollectionRef.at(collection, s))
                                    .orElseGet(() -> CollectionRef.of(collection)),
                            other);
            case ROLLBACK -> versions.rollback(SPACE, collection, other);
            case ALIAS -> service.names().setAlias(SPACE, other, collection);
            case UNALIAS -> service.names().deleteAlias(SPACE, other);
            case RENAME -> service.names().rename(SPACE, collection, other);
        }
    }

    @Override
    public List<CrashWorld> mayLeave(CrashWorld before) {
        return List.of(before, leaves(before, OptionalLong.empty()));
    }

    private boolean isTaken(CrashWorld before) {
        CrashWorld.Rows rows = before.get(collection);
        boolean there = before.find(collection).isPresent();
        return switch (kind) {
            case DROP, ALIAS -> there;
            case SNAPSHOT -> there && !rows.snapshots().containsKey(other);
            case DROP_SNAPSHOT, ROLLBACK -> rows.snapshots().containsKey(other);
            case BRANCH ->
                    there
                            && before.find(other).isEmpty()
                            && at.map(rows.snapshots()::containsKey).orElse(true);
            case UNALIAS -> before.aliases().containsKey(other);
            case RENAME -> there && before.find(other).isEmpty();
        };
    }

    @Override
    public CrashWorld leaves(CrashWorld before, OptionalLong expires) {
        if (!isTaken(before)) {
            return before;
        }
        CrashWorld.Rows rows = before.get(collection);
        return switch (kind) {
            case DROP -> before.without(collection);
            case SNAPSHOT -> before.with(collection, rows.withSnapshot(other, rows.now()));
            case DROP_SNAPSHOT -> before.with(collection, rows.withoutSnapshot(other));
            case BRANCH ->
                    before.with(
                            other,
                            CrashWorld.Rows.none()
                                    .with(at.map(rows.snapshots()::get).orElse(rows.now())));
            case ROLLBACK ->
                    before.with(
                            collection,
                            rows.with(rows.snapshots().getOrDefault(other, rows.now())));
            case ALIAS -> before.withAlias(other, collection);
            case UNALIAS -> before.withoutAlias(other);
            case RENAME -> before.renamed(collection, other);
        };
    }

    @Override
    public String answer(CrashWorld before) {
        return isTaken(before) ? DONE : REFUSED;
    }
}
