package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// An export of a collection as it is now, also by its history, or was in a snapshot. Its answer
/// tells the writer's own rows, but for those that may expire meanwhile.
record CrashRead(int writer, String collection, Optional<String> at) implements CrashOp {
    /// In place of a snapshot: by its history, at the moment of reading.
    static final String MOMENT = "moment";

    private static final int BATCH = 500;

    @Override
    public Told run(CollectionService service) {
        CollectionRef ref =
                at.map(s -> CollectionRef.at(collection, place(s)))
                        .orElseGet(() -> CollectionRef.of(collection));
        List<Row> rows = new ArrayList<>();
        try (RowCursor cursor = service.cursor(SPACE, ref)) {
            List<Row> batch = cursor.next(BATCH);
            while (!batch.isEmpty()) {
                rows.addAll(batch);
                batch = cursor.next(BATCH);
            }
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            return Told.of(CrashWrite.ABSENT);
        }
        String torn = torn(rows);
        TreeMap<String, String> own = new TreeMap<>();
        rows.stream()
                .filter(row -> CrashOp.writer(row.id()) == writer)
                .forEach(row -> own.put(row.id(), CrashOp.value(row)));
        return Told.of(torn.isEmpty() ? digest(own) : torn);
    }

    private static String place(String at) {
        return at.equals(MOMENT) ? InstantSource.system().instant().toString() : at;
    }

    /// The groups of which a moment has a part only, or that not one operation wrote; without
    /// spaces.
    static String torn(List<Row> rows) {
        Map<String, List<String>> groups = new TreeMap<>();
        for (Row row : rows) {
            String group = String.valueOf(row.attributes().get("g"));
            if (group.startsWith("g")) {
                groups.computeIfAbsent(CrashOp.writer(row.id()) + group, _ -> new ArrayList<>())
                        .add(CrashOp.value(row));
            }
        }
        groups.values()
                .removeIf(written ->
                        written.size() == GROUP_ROWS && written.stream().distinct().count() == 1);
        return groups.isEmpty() ? "" : "torn:" + groups.toString().replace(" ", "");
    }

    private static String digest(NavigableMap<String, String> rows) {
        TreeMap<String, String> lasting = new TreeMap<>(rows);
        lasting.values().removeIf(value -> CrashWorld.expiry(value).isPresent());
        return lasting.size() + "-" + Integer.toHexString(lasting.hashCode());
    }

    @Override
    public List<CrashWorld> mayLeave(CrashWorld before) {
        return List.of(before);
    }

    @Override
    public CrashWorld leaves(CrashWorld before, OptionalLong expires) {
        return before;
    }

    @Override
    public String answer(CrashWorld before) {
        CrashWorld.Rows rows = before.get(collection);
        Optional<String> snapshot = at.filter(s -> !s.equals(MOMENT));
        boolean there =
                before.find(collection).isPresent()
                        && snapshot.map(rows.snapshots()::containsKey).orElse(true);
        return there
                ? digest(snapshot.map(rows.snapshots()::get).orElse(rows.now()))
                : CrashWrite.ABSENT;
    }
}
