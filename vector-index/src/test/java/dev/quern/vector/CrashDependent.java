package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.vector.RowChange.Removed;
import dev.quern.vector.RowWrite.Delete;
import dev.quern.vector.RowWrite.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/// A write whose effect depends on the rows that are there.
///
/// @param group where the rows are those of a group
record CrashDependent(
        String name,
        int writer,
        String collection,
        Kind kind,
        List<String> ids,
        Optional<Integer> group)
        implements CrashOp {
    private static final String CONFLICT = "conflict";

    /// What becomes of a row.
    enum Kind {
        INSERT,
        UPDATE,
        PATCH,
        PATCH_WHERE,
        /// It is written if it has the version that was read before, or is absent as it was then.
        IF_VERSION,
        /// All are refused, for one has another version than is asked for.
        IF_STALE,
        DELETE_IF_VERSION,
        DELETE_IF_STALE
    }

    static CrashDependent of(String name, int writer, String collection, int group, Random random) {
        Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
        boolean grouped = kind == Kind.PATCH_WHERE || random.nextInt(3) == 0;
        List<String> ids = grouped ? CrashOp.group(writer, group) : CrashOp.loose(random, writer);
        if (kind == Kind.PATCH && random.nextInt(3) == 0) {
            ids = CrashOp.late(writer);
        }
        return new CrashDependent(
                name,
                writer,
                collection,
                kind,
                ids,
                grouped ? Optional.of(group) : Optional.empty());
    }

    @Override
    public Told run(CollectionService service) {
        try {
            WriteResult result =
                    kind == Kind.PATCH_WHERE
                            ? patchWhere(service)
                            : service.write(SPACE, collection, write(service));
            return Told.of(
                    result.upserted() + "+" + result.deleted() + "-" + result.skipped().count());
        } catch (QuernException e) {
            return switch (e.kind()) {
                case CONFLICT -> Told.of(CONFLICT);
                case NOT_FOUND -> Told.of(CrashWrite.ABSENT);
                default -> throw e;
            };
        }
    }

    private WriteResult patchWhere(CollectionService service) {
        if (service.schema(SPACE, collection).attributes().get("g") == null) {
            return new WriteResult(0, 0, 0); // of no row yet
        }
        return service.patch(
                SPACE, collection, CrashOp.inGroup(writer, group.orElseThrow()), patch("a patch"));
    }

    private RowChange patch(String id) {
        return new RowChange(
                CrashOp.patch(id, name),
                new Removed(Set.of(), Set.of(), Set.of("n")),
                OptionalLong.empty());
    }

    private RowWrite write(CollectionService service) {
        return switch (kind) {
            case INSERT -> RowWrite.of(Mode.INSERT, rows());
            case UPDATE -> RowWrite.of(Mode.UPDATE, rows());
            case PATCH, PATCH_WHERE ->
                    new RowWrite(Mode.PATCH, ids.stream().map(this::patch).toList(), List.of());
            case IF_VERSION, IF_STALE ->
                    new RowWrite(
                            Mode.UPSERT,
                            rows().stream()
                                    .map(row -> RowChange.ifVersion(row, asked(service, row.id())))
                                    .toList(),
                            List.of());
            case DELETE_IF_VERSION, DELETE_IF_STALE ->
                    new RowWrite(Mode.UPSERT, List.of(), deletes(service));
        };
    }

    private List<Row> rows() {
        return ids.stream().map(id -> CrashOp.row(id, name)).toList();
    }

    private List<Delete> deletes(CollectionService service) {
        List<Delete> deletes = new ArrayList<>();
        ids.forEach(id -> deletes.add(new Delete(id, OptionalLong.of(asked(service, id)))));
        return deletes;
    }

    private long asked(CollectionService service, String id) {
        long version = service.find(SPACE, collection, id).map(Row::version).orElse(0L);
        boolean stale = kind == Kind.IF_STALE || kind == Kind.DELETE_IF_STALE;
        return stale && id.equals(ids.getLast()) ? version + 2 : version;
    }

    @Override
    public List<CrashWorld> mayLeave(CrashWorld before) {
        return List.of(before, leaves(before, OptionalLong.empty()));
    }

    @Override
    public CrashWorld leaves(CrashWorld before, OptionalLong expires) {
        Optional<String> place = before.find(collection);
        if (place.isEmpty()) {
            return before;
        }
        TreeMap<String, String> rows = new TreeMap<>(before.get(collection).now());
        for (String id : ids) {
            switch (kind) {
                case INSERT -> rows.putIfAbsent(id, name);
                case UPDATE -> rows.computeIfPresent(id, (_, _) -> name);
                case PATCH, PATCH_WHERE ->
                        rows.computeIfPresent(id, (_, old) -> CrashWorld.patched(old, name));
                case IF_VERSION -> rows.put(id, name);
                case DELETE_IF_VERSION -> rows.remove(id);
                case IF_STALE, DELETE_IF_STALE -> {}
            }
        }
        return before.withRows(place.get(), rows);
    }

    @Override
    public String answer(CrashWorld before) {
        if (before.find(collection).isEmpty()) {
            return CrashWrite.ABSENT;
        }
        Set<String> there = before.get(collection).now().keySet();
        long found = ids.stream().filter(there::contains).count();
        long absent = ids.size() - found;
        return switch (kind) {
            case INSERT -> absent + "+0-" + found;
            case UPDATE, PATCH -> found + "+0-" + absent;
            case PATCH_WHERE -> found + "+0-0";
            case IF_VERSION -> ids.size() + "+0-0";
            case DELETE_IF_VERSION -> "0+" + found + "-0";
            case IF_STALE, DELETE_IF_STALE -> CONFLICT;
        };
    }
}
