package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/// A batch that stores what it says, whatever is there.
///
/// @param millis after which the rows expire; empty: never
record CrashWrite(
        String name,
        int writer,
        String collection,
        List<String> upserts,
        List<String> deletes,
        Optional<Integer> deletedGroup,
        OptionalInt millis)
        implements CrashOp {
    static final String ABSENT = "absent";

    static CrashWrite empty(String name, int writer, String collection) {
        return new CrashWrite(
                name,
                writer,
                collection,
                List.of(),
                List.of(),
                Optional.empty(),
                OptionalInt.empty());
    }

    CrashWrite with(List<String> rows) {
        return new CrashWrite(name, writer, collection, rows, deletes, deletedGroup, millis);
    }

    CrashWrite without(List<String> rows) {
        return new CrashWrite(name, writer, collection, upserts, rows, deletedGroup, millis);
    }

    CrashWrite withoutGroup(int group) {
        return new CrashWrite(
                name, writer, collection, upserts, deletes, Optional.of(group), millis);
    }

    CrashWrite expiring(int after) {
        return new CrashWrite(
                name, writer, collection, upserts, deletes, deletedGroup, OptionalInt.of(after));
    }

    @Override
    public Told run(CollectionService service) {
        if (collection.equals(CrashOp.own(writer))) {
            CrashOp.create(service, collection);
        }
        OptionalLong expires =
                millis.isPresent()
                        ? OptionalLong.of(InstantSource.system().millis() + millis.getAsInt())
                        : OptionalLong.empty();
        try {
            WriteResult result = service.write(SPACE, collection, batch(expires));
            return new Told(result.upserted() + "+" + result.deleted(), expires);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            return Told.of(ABSENT);
        }
    }

    WriteBatch batch(OptionalLong expires) {
        Optional<Instant> at =
                expires.isPresent()
                        ? Optional.of(Instant.ofEpochMilli(expires.getAsLong()))
                        : Optional.empty();
        return new WriteBatch(
                upserts.stream().map(id -> CrashOp.row(id, name).expiring(at)).toList(),
                deletes,
                deletedGroup.map(group -> CrashOp.inGroup(writer, group)));
    }

    @Override
    public List<CrashWorld> mayLeave(CrashWorld before) {
        return List.of(before, made(before), leaves(before, OptionalLong.empty()));
    }

    /// Its own collection is made first.
    private CrashWorld made(CrashWorld before) {
        boolean makes = collection.equals(CrashOp.own(writer)) && before.find(collection).isEmpty();
        return makes ? before.with(collection, CrashWorld.Rows.none()) : before;
    }

    @Override
    public CrashWorld leaves(CrashWorld before, OptionalLong expires) {
        CrashWorld made = made(before);
        Optional<String> place = made.find(collection);
        if (place.isEmpty()) {
            return made;
        }
        TreeMap<String, String> rows = new TreeMap<>(made.get(collection).now());
        rows.keySet().removeAll(gone(rows));
        String at = expires.isPresent() ? Long.toString(expires.getAsLong()) : CrashWorld.UNKNOWN;
        upserts.forEach(id -> rows.put(id, name + (millis.isPresent() ? "@" + at : "")));
        return made.withRows(place.get(), rows);
    }

    private List<String> gone(NavigableMap<String, String> rows) {
        List<String> all = new ArrayList<>(deletes);
        deletedGroup.ifPresent(group -> all.addAll(CrashOp.group(writer, group)));
        all.retainAll(rows.keySet());
        return all;
    }

    @Override
    public String answer(CrashWorld before) {
        CrashWorld made = made(before);
        return made.find(collection).isEmpty()
                ? ABSENT
                : upserts.size() + "+" + gone(made.get(collection).now()).size();
    }
}
