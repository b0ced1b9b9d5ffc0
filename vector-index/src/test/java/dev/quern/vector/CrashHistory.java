package dev.quern.vector;

import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CrashWorld.Reading;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/// What the parent of killed [CollectionCrashWriter]s remembers of the rows that each collection
/// had after a kill, and reads again after later ones: at a token and at a moment between two
/// processes, whatever checkpoints, purges, rollbacks and renames came in between. Not thread-safe.
final class CrashHistory {
    /// Less than the hour for which collections keep their history.
    private static final Duration REMEMBERED = Duration.ofMinutes(30);

    /// Of which one that is drawn gives way to the next.
    private static final int MAX_MARKS = 8;

    /// Marks that are read again after a kill.
    private static final int READ = 2;

    private final List<Mark> marks = new ArrayList<>();

    /// @param rows by collection's id and writer
    /// @param tokens of the last write by collection's id, where its rows are those after a write
    private record Mark(
            Instant moment,
            Map<String, Map<Integer, NavigableMap<String, String>>> rows,
            Map<String, Long> tokens) {
        String place(String id, Random random) {
            Long token = tokens.get(id);
            return token != null && random.nextBoolean() ? Long.toString(token) : moment.toString();
        }
    }

    /// The tokens of the last writes, by collection's id. None for a collection that was rolled
    /// back since.
    ///
    /// @param facts as the killed process left them
    static Map<String, Long> lastTokens(MetaLog facts) {
        Map<String, Long> tokens = new HashMap<>();
        forEach(facts, Keys.TAILS, fact -> tokens.put(id(fact), Keys.token(fact.key())));
        forEach(
                facts,
                Keys.HISTORIES,
                fact -> {
                    HistoryFormat.Point point = HistoryFormat.decode(fact);
                    if (point.isRollback() && point.token() >= tokens.getOrDefault(id(fact), 0L)) {
                        tokens.remove(id(fact));
                    }
                });
        return tokens;
    }

    private static String id(MetaLog.Fact fact) {
        return fact.key().components().get(2);
    }

    /// In the order of their keys.
    private static void forEach(MetaLog facts, Key prefix, Consumer<MetaLog.Fact> action) {
        Optional<Key> after = Optional.empty();
        do {
            List<MetaLog.Fact> page = facts.scan(CrashOp.SPACE, prefix, after, 500);
            page.forEach(action);
            after = page.isEmpty() ? Optional.empty() : Optional.of(page.getLast().key());
        } while (after.isPresent());
    }

    /// Remembers the rows that the collections have, while nobody writes.
    ///
    /// @param tokens see [#lastTokens]
    void mark(
            Map<String, Long> tokens,
            CollectionService service,
            Map<Integer, CrashWorld> worlds,
            Random random) {
        Map<String, Map<Integer, NavigableMap<String, String>>> rows = new HashMap<>();
        for (CollectionInfo info : service.list(CrashOp.SPACE)) {
            Map<Integer, NavigableMap<String, String>> byWriter = new HashMap<>();
            worlds.forEach((writer, world) ->
                    Optional.ofNullable(world.collections().get(info.name()))
                            .ifPresent(there -> byWriter.put(writer, there.now())));
            rows.put(info.id(), byWriter);
        }
        if (marks.size() == MAX_MARKS) {
            marks.remove(random.nextInt(MAX_MARKS));
        }
        marks.add(new Mark(InstantSource.system().instant(), rows, tokens));
    }

    /// Reads some of what is remembered again.
    ///
    /// @param whole whether all of it
    /// @param read rows by writer
    /// @return what is not as it was
    List<String> check(
            CollectionService service,
            boolean whole,
            Random random,
            BiFunction<CollectionService, CollectionRef, Map<Integer, NavigableMap<String, String>>>
                    read) {
        Instant oldest = InstantSource.system().instant().minus(REMEMBERED);
        marks.removeIf(mark -> mark.moment().isBefore(oldest));
        List<String> wrong = new ArrayList<>();
        int count = whole ? marks.size() : Math.min(READ, marks.size());
        for (int i = 0; i < count; i++) {
            Mark mark = marks.get(whole ? i : random.nextInt(marks.size()));
            for (CollectionInfo info : service.list(CrashOp.SPACE)) {
                Map<Integer, NavigableMap<String, String>> known = mark.rows().get(info.id());
                if (known != null) {
                    CollectionRef ref =
                            CollectionRef.at(info.name(), mark.place(info.id(), random));
                    Instant from = InstantSource.system().instant();
                    Map<Integer, NavigableMap<String, String>> found = read.apply(service, ref);
                    Reading reading = new Reading(from, InstantSource.system().instant());
                    known.forEach((writer, rows) ->
                            compare(ref, writer, rows, found, reading).ifPresent(wrong::add));
                }
            }
        }
        return wrong;
    }

    private static Optional<String> compare(
            CollectionRef ref,
            int writer,
            NavigableMap<String, String> known,
            Map<Integer, NavigableMap<String, String>> found,
            Reading reading) {
        NavigableMap<String, String> rows = found.getOrDefault(writer, new TreeMap<>());
        if (CrashWorld.fits(known, rows, reading)) {
            return Optional.empty();
        }
        TreeMap<String, String> missing = new TreeMap<>(known);
        missing.entrySet().removeAll(rows.entrySet());
        TreeMap<String, String> more = new TreeMap<>(rows);
        more.entrySet().removeAll(known.entrySet());
        return Optional.of(
                ref.name()
                        + " at "
                        + ref.at().orElseThrow()
                        + " of writer "
                        + writer
                        + ": not there are "
                        + missing.size()
                        + " rows "
                        + missing.entrySet().stream().limit(5).toList()
                        + "; there are besides "
                        + more.size()
                        + " "
                        + more.entrySet().stream().limit(5).toList());
    }
}
