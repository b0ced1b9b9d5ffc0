package dev.quern.vector;

import dev.quern.common.SpaceId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// One operation of a [CollectionCrashWriter], a function of its name alone: the process that is
/// killed does it, and the parent knows what it leaves. A new kind of operation is a new record and
/// a new case in [#of].
///
/// Writers share one collection, each with rows of its own, and each has collections of its own: it
/// writes `own`, renames it to `moved` and back, branches any to `branch`, has an alias for one of
/// them, snapshots, rolls back and drops them. Rows of a group are only ever written, patched and
/// deleted together.
sealed interface CrashOp permits CrashWrite, CrashDependent, CrashStep, CrashRead {
    int WRITERS = 4;
    int GROUPS = 5;
    int GROUP_ROWS = 8;
    int DIMS = 8;
    String SHARED = "shared";
    SpaceId SPACE = SpaceId.DEFAULT;

    /// What it was told when it was done.
    ///
    /// @param expires when the rows that it wrote expire, where some do
    record Told(String answer, OptionalLong expires) {
        static Told of(String answer) {
            return new Told(answer, OptionalLong.empty());
        }

        @Override
        public String toString() {
            return answer + (expires.isPresent() ? "@" + expires.getAsLong() : "");
        }

        static Told parse(String text) {
            return new Told(
                    CrashWorld.written(text),
                    CrashWorld.expiry(text)
                            .map(at -> OptionalLong.of(Long.parseLong(at)))
                            .orElse(OptionalLong.empty()));
        }
    }

    /// Does it.
    Told run(CollectionService service);

    /// What the operation can leave when it was not acknowledged, what was before it among it.
    List<CrashWorld> mayLeave(CrashWorld before);

    /// What it leaves when it was.
    CrashWorld leaves(CrashWorld before, OptionalLong expires);

    /// What it must be told.
    String answer(CrashWorld before);

    /// What a writer does as its `number`-th operation in a life.
    static CrashOp of(int life, int writer, int number) {
        String name = life + "-" + writer + "-" + number;
        Random random = new Random(name.hashCode() * 2_654_435_761L);
        String collection = collection(random, writer);
        int group = random.nextInt(GROUPS);
        CrashWrite empty = CrashWrite.empty(name, writer, collection);
        return switch (random.nextInt(32)) {
            case 0 -> empty.withoutGroup(group);
            case 1, 2 -> empty.without(loose(random, writer));
            case 3, 4, 5 -> empty.with(group(writer, group));
            case 6, 7, 8 ->
                    empty.withoutGroup(group)
                            .without(loose(random, writer))
                            .with(group(writer, (group + 1) % GROUPS));
            case 9 -> empty.with(random.nextInt(3) > 0 ? many(writer) : loose(random, writer));
            case 10, 11 ->
                    random.nextBoolean()
                            ? empty.with(late(writer)).expiring(3_600_000)
                            : empty.with(rows(writer, "soon", 6)).expiring(random.nextInt(3_000));
            case 12, 13, 14, 15, 16, 17 ->
                    CrashDependent.of(name, writer, collection, group, random);
            case 18, 19, 20, 21, 22 -> CrashStep.of(writer, random);
            case 23 -> new CrashRead(writer, collection, Optional.empty());
            case 24 ->
                    new CrashRead(
                            writer, collection, Optional.of(CrashStep.snapshot(writer, random)));
            case 25 -> new CrashRead(writer, collection, Optional.of(CrashRead.MOMENT));
            default -> empty.with(loose(random, writer));
        };
    }

    private static String collection(Random random, int writer) {
        return switch (random.nextInt(8)) {
            case 0 -> own(writer);
            case 1 -> random.nextBoolean() ? branch(writer) : alias(writer);
            default -> SHARED;
        };
    }

    static String own(int writer) {
        return "own-" + writer;
    }

    static String moved(int writer) {
        return "moved-" + writer;
    }

    static String branch(int writer) {
        return "branch-" + writer;
    }

    static String alias(int writer) {
        return "alias-" + writer;
    }

    static List<String> group(int writer, int group) {
        return rows(writer, "g" + group, GROUP_ROWS);
    }

    private static List<String> rows(int writer, String part, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "w" + writer + "-" + part + "-" + i)
                .toList();
    }

    /// Some of 60 rows.
    static List<String> loose(Random random, int writer) {
        return random.ints(1 + random.nextInt(12), 0, 60)
                .distinct()
                .mapToObj(i -> "w" + writer + "-l-" + i)
                .toList();
    }

    /// Rows that expire after the run; the others that expire may do so at any time.
    static List<String> late(int writer) {
        return rows(writer, "late", 6);
    }

    /// So many that they go through chunks, and that those of all writers get a graph.
    private static List<String> many(int writer) {
        return rows(writer, "m", 1_400);
    }

    /// The row as an operation and perhaps a patch wrote it, see [CrashWorld].
    static Row row(String id, String value) {
        String[] by = CrashWorld.written(value).split("/", -1);
        Random random = random(id, by[0]);
        float[] vector = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        String text = "mill " + by[0] + " flour".repeat(random.nextInt(4));
        String[] parts = id.split("-", -1);
        Map<String, Object> attributes =
                new TreeMap<>(
                        Map.of("w", writer(id), "g", parts[1], "op", by[0], "n", random.nextInt()));
        if (by.length > 1) {
            Row patch = patch(id, by[1]);
            attributes.remove("n");
            attributes.putAll(patch.attributes());
            text = patch.text().orElseThrow();
        }
        return new Row(id, Optional.of(text), vector, attributes)
                .expiring(
                        CrashWorld.expiry(value)
                                .filter(at -> !at.equals(CrashWorld.UNKNOWN))
                                .map(at -> Instant.ofEpochMilli(Long.parseLong(at))));
    }

    /// What a patch brings; it also takes the attribute `n` away.
    static Row patch(String id, String operation) {
        return new Row(
                id, Optional.of("mill patched " + operation), new float[0], Map.of("p", operation));
    }

    private static Random random(String id, String operation) {
        return new Random((id + operation).hashCode() * 2_654_435_761L);
    }

    /// The writer of a row.
    static long writer(String id) {
        return Long.parseLong(id.substring(1, id.indexOf('-')));
    }

    /// How a row that was read was written.
    static String value(Row row) {
        Object patch = row.attributes().get("p");
        return row.attributes().get("op")
                + (patch == null ? "" : "/" + patch)
                + row.expires().map(at -> "@" + at.toEpochMilli()).orElse("");
    }

    /// The rows of a writer's group.
    static Filter inGroup(int writer, int group) {
        return new Filter.And(
                List.of(new Filter.Eq("w", (long) writer), new Filter.Eq("g", "g" + group)));
    }

    /// Makes a collection if it is not there.
    static void create(CollectionService service, String collection) {
        service.create(
                SPACE, new CollectionSpec(collection, DIMS, Metric.L2, Optional.empty()), true);
    }
}
