package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// One operation of a [CollectionCrashWriter], a function of its name alone: the process that is
/// killed does it, and the parent knows what it leaves. A new kind of operation is a new record
/// here and a new case in [#of].
///
/// Writers share one collection, each with rows of its own, and each has a collection of its own
/// that it drops now and then. Rows of a group are only ever written and deleted together.
sealed interface CrashOp {
    int WRITERS = 4;
    int GROUPS = 5;
    int GROUP_ROWS = 8;
    int DIMS = 8;
    String SHARED = "shared";
    SpaceId SPACE = SpaceId.DEFAULT;

    /// What one writer has in one collection.
    ///
    /// @param exists whether the collection is there
    /// @param rows by id, the name of the operation that wrote each
    record State(boolean exists, NavigableMap<String, String> rows) {
        /// Nothing yet.
        static State none() {
            return new State(false, new TreeMap<>());
        }
    }

    /// The collection that it changes.
    String collection();

    /// Does it; returns what it was told.
    String run(CollectionService service);

    /// What the operation can leave when it was not acknowledged, what was before it among it.
    List<State> mayLeave(State before);

    /// What it leaves when it was.
    State leaves(State before);

    /// What it must be told.
    String answer(State before);

    /// What a writer does as its `number`-th operation in a life.
    static CrashOp of(int life, int writer, int number) {
        String name = life + "-" + writer + "-" + number;
        Random random = new Random(name.hashCode() * 2_654_435_761L);
        String collection = random.nextInt(4) == 0 ? "own-" + writer : SHARED;
        int group = random.nextInt(GROUPS);
        Write empty = new Write(name, writer, collection, List.of(), List.of(), Optional.empty());
        return switch (random.nextInt(16)) {
            case 0, 1 -> empty.withoutGroup(group);
            case 2, 3, 4 -> empty.without(loose(random, writer));
            case 5, 6, 7, 8 -> empty.with(group(writer, group));
            case 9, 10 ->
                    empty.withoutGroup(group)
                            .without(loose(random, writer))
                            .with(group(writer, (group + 1) % GROUPS));
            case 11 -> empty.with(random.nextInt(3) == 0 ? many(writer) : loose(random, writer));
            case 12 -> new Drop("own-" + writer);
            default -> empty.with(loose(random, writer));
        };
    }

    private static List<String> group(int writer, int group) {
        return IntStream.range(0, GROUP_ROWS)
                .mapToObj(i -> "w" + writer + "-g" + group + "-" + i)
                .toList();
    }

    /// Some of 60 rows.
    private static List<String> loose(Random random, int writer) {
        return random.ints(1 + random.nextInt(12), 0, 60)
                .distinct()
                .mapToObj(i -> "w" + writer + "-l-" + i)
                .toList();
    }

    /// So many that they go through chunks, and that those of all writers get a graph.
    private static List<String> many(int writer) {
        return IntStream.range(0, 1_400).mapToObj(i -> "w" + writer + "-m-" + i).toList();
    }

    /// The row of an id as an operation writes it.
    static Row row(String id, String operation) {
        Random random = new Random((id + operation).hashCode() * 2_654_435_761L);
        float[] vector = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        String[] parts = id.split("-", -1);
        return new Row(
                id,
                Optional.of("mill " + operation + " flour".repeat(random.nextInt(4))),
                vector,
                Map.of("w", writer(id), "g", parts[1], "op", operation, "n", random.nextInt()));
    }

    /// The writer of a row.
    static long writer(String id) {
        return Long.parseLong(id.substring(1, id.indexOf('-')));
    }

    /// The rows of a writer's group.
    static Filter inGroup(int writer, int group) {
        return new Filter.And(
                List.of(new Filter.Eq("w", (long) writer), new Filter.Eq("g", "g" + group)));
    }

    /// A batch.
    record Write(
            String name,
            int writer,
            String collection,
            List<String> upserts,
            List<String> deletes,
            Optional<Integer> deletedGroup)
            implements CrashOp {
        Write with(List<String> rows) {
            return new Write(name, writer, collection, rows, deletes, deletedGroup);
        }

        Write without(List<String> rows) {
            return new Write(name, writer, collection, upserts, rows, deletedGroup);
        }

        Write withoutGroup(int group) {
            return new Write(name, writer, collection, upserts, deletes, Optional.of(group));
        }

        @Override
        public String run(CollectionService service) {
            if (!collection.equals(SHARED)) {
                create(service, collection);
            }
            WriteResult result = service.write(SPACE, collection, batch());
            return result.upserted() + "+" + result.deleted();
        }

        WriteBatch batch() {
            return new WriteBatch(
                    upserts.stream().map(id -> row(id, name)).toList(),
                    deletes,
                    deletedGroup.map(group -> inGroup(writer, group)));
        }

        @Override
        public List<State> mayLeave(State before) {
            return List.of(before, new State(true, before.rows()), leaves(before));
        }

        @Override
        public State leaves(State before) {
            TreeMap<String, String> rows = new TreeMap<>(before.rows());
            rows.keySet().removeAll(gone(before));
            upserts.forEach(id -> rows.put(id, name));
            return new State(true, rows);
        }

        private List<String> gone(State before) {
            List<String> all = new ArrayList<>(deletes);
            deletedGroup.ifPresent(group -> all.addAll(group(writer, group)));
            all.retainAll(before.rows().keySet());
            return all;
        }

        @Override
        public String answer(State before) {
            return upserts.size() + "+" + gone(before).size();
        }
    }

    /// Makes a collection if it is not there.
    static void create(CollectionService service, String collection) {
        service.create(
                SPACE, new CollectionSpec(collection, DIMS, Metric.L2, Optional.empty()), true);
    }

    /// Deletes a collection with all its rows, if it is there.
    record Drop(String collection) implements CrashOp {
        @Override
        public String run(CollectionService service) {
            try {
                service.delete(SPACE, collection);
                return "dropped";
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.NOT_FOUND) {
                    throw e;
                }
                return "absent";
            }
        }

        @Override
        public List<State> mayLeave(State before) {
            return List.of(before, leaves(before));
        }

        @Override
        public State leaves(State before) {
            return State.none();
        }

        @Override
        public String answer(State before) {
            return before.exists() ? "dropped" : "absent";
        }
    }
}
