package dev.quern.vector;

import dev.quern.common.ByteSize;
import dev.quern.storage.CrashRun;
import dev.quern.storage.FsckReport;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CrashWorld.Reading;
import dev.quern.vector.CrashWorld.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;

/// What the parent of killed [CollectionCrashWriter]s knows: what each writer has, and the
/// operation that it had begun. Every collection, snapshot and alias must be there with exactly the
/// rows of the acknowledged operations, each with the fields that it was written with; of what had
/// only begun everything or nothing. What there was after earlier kills must be there at that token
/// and moment. Not thread-safe.
final class CollectionCrashJournal implements CrashRun.Journal {
    /// Of the snapshots, after a kill; reading one lays down its files.
    private static final double SNAPSHOTS_READ = 0.2;

    private final Map<Integer, CrashWorld> worlds = new HashMap<>();
    private final Map<Integer, CrashOp> begun = new HashMap<>();
    private final List<String> lost = new ArrayList<>();
    private final List<String> corrupt = new ArrayList<>();
    private final CrashHistory history = new CrashHistory();
    private long acknowledged;

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
                CrashOp.Told told = CrashOp.Told.parse(words[4]);
                CrashWorld before = world(writer);
                if (!told.answer().equals(done.answer(before))) {
                    corrupt.add(line + ": of " + done + " it must be " + done.answer(before));
                }
                worlds.put(writer, done.leaves(before, told.expires()));
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

    private CrashWorld world(int writer) {
        return worlds.getOrDefault(writer, CrashWorld.none());
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
        try (StorageEngine engine = CrashRun.open(opened, encrypted)) {
            Map<String, Long> tokens = CrashHistory.lastTokens(engine.facts());
            try (CollectionService service = CollectionCrashWriter.open(engine, opened)) {
                compare(service, whole ? 1 : SNAPSHOTS_READ, random);
                compareHistory(service, whole, random);
                history.mark(tokens, service, worlds, random);
            }
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

    void compareHistory(CollectionService service, boolean whole, Random random) {
        corrupt.addAll(history.check(service, whole, random, this::rows));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    /// Compares every collection; what had only begun is settled by what is there.
    ///
    /// @param part of the snapshots whose rows are compared, too; of the others only the names
    void compare(CollectionService service, double part, Random random) {
        Instant from = InstantSource.system().instant();
        Map<Integer, CrashWorld> found = new HashMap<>();
        Map<Integer, Map<String, List<String>>> taken = new HashMap<>();
        for (int writer = 0; writer < CrashOp.WRITERS; writer++) {
            found.put(writer, CrashWorld.none());
            taken.put(writer, new HashMap<>(Map.of(CrashOp.SHARED, List.of())));
        }
        for (CollectionInfo info : service.list(CrashOp.SPACE)) {
            String name = info.name();
            List<String> snapshots =
                    service.versions().snapshots(CrashOp.SPACE, name).stream()
                            .map(SnapshotInfo::name)
                            .toList();
            Rows[] rows = rows(service, name, snapshots, part, random);
            for (int writer = 0; writer < CrashOp.WRITERS; writer++) {
                String mine = "w" + writer + "-";
                Rows own = rows[writer];
                if (name.equals(CrashOp.SHARED) || name.endsWith("-" + writer)) {
                    found.computeIfPresent(writer, (_, world) -> world.with(name, own));
                    taken.computeIfAbsent(writer, _ -> new HashMap<>())
                            .put(name, snapshots.stream().filter(s -> s.startsWith(mine)).toList());
                }
            }
        }
        service.names()
                .aliases(CrashOp.SPACE)
                .forEach((alias, name) -> {
                    int writer = Integer.parseInt(alias.substring(alias.indexOf('-') + 1));
                    found.computeIfPresent(writer, (_, world) -> world.withAlias(alias, name));
                });
        Reading reading = new Reading(from, InstantSource.system().instant());
        for (int writer = 0; writer < CrashOp.WRITERS; writer++) {
            settle(
                    writer,
                    found.getOrDefault(writer, CrashWorld.none()),
                    taken.getOrDefault(writer, Map.of()),
                    reading);
        }
        begun.clear();
    }

    private void settle(
            int writer, CrashWorld found, Map<String, List<String>> taken, Reading reading) {
        CrashWorld sure = world(writer);
        CrashOp pending = begun.get(writer);
        List<CrashWorld> allowed = pending == null ? List.of(sure) : pending.mayLeave(sure);
        Optional<CrashWorld> fitting =
                allowed.stream().filter(world -> world.fits(found, taken, reading)).findFirst();
        if (fitting.isEmpty()) {
            tell(writer, sure, found, pending);
        }
        worlds.put(writer, fitting.map(world -> world.settled(found)).orElse(found));
    }

    private void tell(int writer, CrashWorld sure, CrashWorld found, @Nullable CrashOp pending) {
        Set<String> missing = places(sure);
        missing.removeAll(places(found));
        Set<String> more = places(found);
        more.removeAll(places(sure));
        String text =
                "writer "
                        + writer
                        + ": not there is "
                        + some(missing)
                        + "; there is besides "
                        + some(more)
                        + "; begun was "
                        + pending;
        (missing.isEmpty() ? corrupt : lost).add(text);
    }

    /// All that a writer has, a line each.
    private static Set<String> places(CrashWorld world) {
        Set<String> places = new TreeSet<>();
        world.aliases().forEach((alias, name) -> places.add(alias + " -> " + name));
        world.collections()
                .forEach((name, rows) -> {
                    places.add(name);
                    rows.now().forEach((id, value) -> places.add(name + ": " + id + " " + value));
                    rows.snapshots()
                            .forEach((snapshot, then) -> {
                                String at = name + " at " + snapshot;
                                places.add(at);
                                then.forEach(
                                        (id, value) -> places.add(at + ": " + id + " " + value));
                            });
                });
        return places;
    }

    private static String some(Set<String> places) {
        return places.size() + ": " + places.stream().limit(5).toList();
    }

    /// The rows of a collection and of its snapshots by writer.
    private Rows[] rows(
            CollectionService service,
            String name,
            List<String> snapshots,
            double part,
            Random random) {
        Rows[] all = new Rows[CrashOp.WRITERS];
        Map<Integer, NavigableMap<String, String>> now = rows(service, CollectionRef.of(name));
        for (int writer = 0; writer < all.length; writer++) {
            all[writer] = Rows.none().with(now.getOrDefault(writer, new TreeMap<>()));
        }
        for (String snapshot : snapshots) {
            if (random.nextDouble() < part) {
                CollectionRef then = CollectionRef.at(name, snapshot);
                Map<Integer, NavigableMap<String, String>> rows = rows(service, then);
                int writer = (int) CrashOp.writer(snapshot);
                all[writer] =
                        all[writer].withSnapshot(
                                snapshot, rows.getOrDefault(writer, new TreeMap<>()));
            }
        }
        return all;
    }

    /// Rows by writer; one that is not as its operation wrote it is told of, and so is a group that
    /// is not whole.
    private Map<Integer, NavigableMap<String, String>> rows(
            CollectionService service, CollectionRef ref) {
        Map<Integer, NavigableMap<String, String>> byWriter = new HashMap<>();
        List<Row> all = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            RowPage page = service.rows(CrashOp.SPACE, ref, after, 1_000, true);
            all.addAll(page.rows());
            after = page.next();
        } while (after.isPresent());
        for (Row row : all) {
            String value = CrashOp.value(row);
            byWriter.computeIfAbsent((int) CrashOp.writer(row.id()), _ -> new TreeMap<>())
                    .put(row.id(), value);
            if (!same(row, CrashOp.row(row.id(), value))) {
                corrupt.add(ref + ": row " + row.id() + " is not as " + value);
            }
        }
        String torn = CrashRead.torn(all);
        if (!torn.isEmpty()) {
            corrupt.add(ref + ": " + torn);
        }
        return byWriter;
    }

    private static boolean same(Row found, Row written) {
        return found.texts().equals(written.texts())
                && found.attributes().equals(written.attributes())
                && found.expires().equals(written.expires())
                && Arrays.equals(found.vector(), written.vector());
    }
}
