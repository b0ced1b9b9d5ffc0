package dev.quern.vector;

import dev.quern.common.ByteSize;
import dev.quern.storage.CrashRun;
import dev.quern.storage.FsckReport;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CrashOp.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;

/// What the parent of killed [CollectionCrashWriter]s knows: what each writer has in each
/// collection, and the operation that it had begun. A collection must hold exactly the rows of the
/// acknowledged operations, each with the fields that it was written with; of what had only begun
/// everything or nothing. Not thread-safe.
final class CollectionCrashJournal implements CrashRun.Journal {
    private final Map<Place, State> states = new HashMap<>();
    private final Map<Integer, CrashOp> begun = new HashMap<>();
    private final List<String> lost = new ArrayList<>();
    private final List<String> corrupt = new ArrayList<>();
    private long acknowledged;

    private record Place(int writer, String collection) {}

    @Override
    public long acknowledged() {
        return acknowledged;
    }

    @Override
    public List<String> lost() {
        return lost;
    }

    @Override
    public List<String> corrupt() {
        return corrupt;
    }

    @Override
    public void add(String line) {
        String[] words = line.split(" ", -1);
        switch (words[0]) {
            case "F" -> corrupt.add(line);
            case "B" -> begun.put(Integer.parseInt(words[2]), operation(words));
            case "A" -> {
                int writer = Integer.parseInt(words[2]);
                CrashOp done = operation(words);
                State before = state(writer, done.collection());
                if (!words[4].equals(done.answer(before))) {
                    corrupt.add(line + ": the answer must be " + done.answer(before));
                }
                states.put(new Place(writer, done.collection()), done.leaves(before));
                begun.remove(writer);
                acknowledged++;
            }
            default -> {}
        }
    }

    private static CrashOp operation(String[] words) {
        return CrashOp.of(
                Integer.parseInt(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]));
    }

    private State state(int writer, String collection) {
        return states.getOrDefault(new Place(writer, collection), State.none());
    }

    /// Now and then without the cache, which is then made again from checkpoints; and now and then
    /// in a copy, so that the next process recovers by itself what the kill left.
    @Override
    public void verify(Path data, boolean encrypted, boolean whole, Random random)
            throws IOException {
        boolean begun = Files.exists(data); // unless the kill came before
        boolean copied = !whole && random.nextBoolean() && begun;
        Path opened = copied ? data.resolveSibling(data.getFileName() + "-copy") : data;
        if (copied) {
            copy(data, opened);
        }
        if (random.nextInt(4) == 0) {
            IOUtils.rm(opened.resolve("cache"));
        }
        try (StorageEngine engine = CrashRun.open(opened, encrypted);
                CollectionService service = CollectionCrashWriter.open(engine, opened)) {
            compare(service);
            if (whole) {
                FsckReport report = engine.maintenance().fsck(new ByteSize(0));
                if (!report.isClean()) {
                    corrupt.add("fsck: " + report);
                }
            }
        }
        if (copied) {
            IOUtils.rm(opened);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    /// Compares every collection; what had only begun is settled by what is there.
    void compare(CollectionService service) {
        List<String> names =
                service.list(CrashOp.SPACE).stream().map(CollectionInfo::name).toList();
        Map<Place, State> found = new HashMap<>();
        for (String name : names) {
            Map<Integer, NavigableMap<String, String>> rows = rows(service, name);
            for (int writer = 0; writer < CrashOp.WRITERS; writer++) {
                found.put(
                        new Place(writer, name),
                        new State(true, rows.getOrDefault(writer, new TreeMap<>())));
            }
        }
        for (int writer = 0; writer < CrashOp.WRITERS; writer++) {
            for (String name : List.of(CrashOp.SHARED, "own-" + writer)) {
                Place place = new Place(writer, name);
                settle(place, found.getOrDefault(place, State.none()));
            }
        }
        begun.clear();
    }

    private void settle(Place place, State found) {
        State sure = state(place.writer(), place.collection());
        CrashOp pending = begun.get(place.writer());
        List<State> allowed =
                pending != null && pending.collection().equals(place.collection())
                        ? pending.mayLeave(sure)
                        : List.of(sure);
        boolean shared = place.collection().equals(CrashOp.SHARED);
        boolean fits =
                allowed.stream()
                        .anyMatch(state ->
                                state.rows().equals(found.rows())
                                        && (shared || state.exists() == found.exists()));
        if (!fits) {
            tell(place, sure, found, pending);
        }
        states.put(place, found);
    }

    private void tell(Place place, State sure, State found, @Nullable CrashOp pending) {
        Map<String, String> missing = new TreeMap<>(sure.rows());
        missing.entrySet().removeAll(found.rows().entrySet());
        Map<String, String> more = new TreeMap<>(found.rows());
        more.entrySet().removeAll(sure.rows().entrySet());
        String text =
                place
                        + ": exists "
                        + found.exists()
                        + ", "
                        + missing.size()
                        + " of "
                        + sure.rows().size()
                        + " acknowledged rows are missing: "
                        + some(missing)
                        + "; there are besides: "
                        + some(more)
                        + "; begun was "
                        + pending;
        boolean gone = !missing.isEmpty() || (sure.exists() && !found.exists());
        (gone ? lost : corrupt).add(text);
    }

    private static List<String> some(Map<String, String> rows) {
        return rows.entrySet().stream().limit(5).map(Object::toString).toList();
    }

    /// The rows of a collection by writer; one that is not as its operation wrote it is told of.
    private Map<Integer, NavigableMap<String, String>> rows(
            CollectionService service, String name) {
        Map<Integer, NavigableMap<String, String>> byWriter = new HashMap<>();
        Optional<String> after = Optional.empty();
        do {
            RowPage page = service.rows(CrashOp.SPACE, name, after, 1_000, true);
            for (Row row : page.rows()) {
                String operation = String.valueOf(row.attributes().get("op"));
                byWriter.computeIfAbsent((int) CrashOp.writer(row.id()), _ -> new TreeMap<>())
                        .put(row.id(), operation);
                if (!same(row, CrashOp.row(row.id(), operation))) {
                    corrupt.add(name + ": row " + row.id() + " is not as " + operation);
                }
            }
            after = page.next();
        } while (after.isPresent());
        return byWriter;
    }

    private static boolean same(Row found, Row written) {
        return found.texts().equals(written.texts())
                && found.attributes().equals(written.attributes())
                && Arrays.equals(found.vector(), written.vector());
    }
}
