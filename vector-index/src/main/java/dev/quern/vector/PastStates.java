package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.CheckpointFormat.SavedFile;
import dev.quern.vector.HistoryFormat.Point;
import dev.quern.vector.KeptState.Past;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.lucene.util.IOUtils;

/// Finds what `at` means beside a snapshot, the token of a write or a moment, and makes the index
/// of the rows as they were then: the files of the point before, with the writes up to the token
/// applied. Thread-safe.
final class PastStates {
    private static final Pattern TOKEN = Pattern.compile("[0-9]{1,18}");

    /// Moments whose token is remembered.
    private static final int MAX_MOMENTS = 1_000;

    private final Parts parts;

    /// The tokens of moments that are past, least recently asked for first: which writes were sent
    /// by then does not change.
    @GuardedBy("moments")
    private final Map<Moment, Long> moments =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Moment, Long> eldest) {
                    return size() > MAX_MOMENTS;
                }
            };

    private record Moment(String id, Instant at) {}

    /// What it works with.
    record Parts(
            Catalog catalog,
            CheckpointStore checkpoints,
            Snapshots snapshots,
            History history,
            WriteLog tail,
            OpenCollections open,
            LuceneIndex.Tuning tuning,
            IdSource ids,
            InstantSource clock) {}

    PastStates(Parts parts) {
        this.parts = parts;
    }

    /// What `at` means: the snapshot of that name; if there is none and it is digits, the rows
    /// after the write of that token; if it is a time, the rows by then.
    ///
    /// @throws QuernException `NOT_FOUND` for a snapshot that is not there, or what is before the
    ///   history; `INVALID` for a moment to come and a token of no write of the collection
    KeptState get(Definition definition, String at) {
        boolean name = Names.isName(at);
        if (name) {
            Optional<SnapshotFormat.Kept> kept = parts.snapshots().find(definition, at);
            if (kept.isPresent()) {
                return kept.get();
            }
        }
        if (TOKEN.matcher(at).matches()) {
            return state(definition, "token " + at, Long.parseLong(at), Optional.empty());
        }
        Optional<Instant> moment = Moments.find(at);
        if (moment.isPresent()) {
            return state(definition, at, 0, moment);
        }
        if (name) {
            throw Snapshots.notFound(definition, at);
        }
        throw QuernException.invalid(
                "'at' must be a snapshot's name, the token of a write or "
                        + Moments.EXPECTED
                        + ", got \""
                        + Names.abbreviate(at)
                        + "\"");
    }

    private Past state(Definition definition, String asked, long token, Optional<Instant> moment) {
        long found =
                moment.isPresent()
                        ? token(definition, asked, moment.get())
                        : written(definition, token);
        Schema now = parts.catalog().schema(definition);
        // Only after the fields: if no rollback came between, the fields are those of the rows.
        List<Point> points = parts.history().points(definition);
        Point base =
                HistoryPlanner.base(points, found)
                        .orElseThrow(() -> before(definition, parts.history(), asked));
        Optional<Point> rollback =
                points.stream().filter(p -> p.token() > found && p.isRollback()).findFirst();
        Schema schema =
                rollback.flatMap(Point::schemaBefore)
                        .map(id -> parts.snapshots().schema(definition, asked, id))
                        .orElse(now);
        return new Past(asked, found, base, schema);
    }

    private long token(Definition definition, String asked, Instant moment) {
        Instant now = parts.clock().instant();
        if (moment.isAfter(now)) {
            throw QuernException.invalid(
                    "'at' lies in the future: " + moment + ", and it is " + now);
        }
        Moment key = new Moment(definition.id(), moment);
        synchronized (moments) {
            Long known = moments.get(key);
            if (known != null) {
                return known;
            }
        }
        parts.open().settle(definition);
        long token = sought(definition, asked, moment);
        // One of this very millisecond may get more writes.
        if (moment.toEpochMilli() < now.toEpochMilli()) {
            synchronized (moments) {
                moments.put(key, token);
            }
        }
        return token;
    }

    private long sought(Definition definition, String asked, Instant moment) {
        List<Point> points = parts.history().points(definition);
        Point point =
                HistoryPlanner.at(points, moment)
                        .orElseThrow(() -> before(definition, parts.history(), asked));
        long end = HistoryPlanner.rollbackAfter(points, point.token()).orElse(Long.MAX_VALUE);
        return Math.max(point.through(), parts.tail().last(definition, point.token(), end, moment));
    }

    private long written(Definition definition, long token) {
        List<Point> points = parts.history().points(definition);
        long given = parts.tail().appliedIndex();
        if (token > given) {
            throw QuernException.invalid(
                    "'at' must be the token of a write, at most " + given + ", got " + token);
        }
        if (points.isEmpty() || token < points.getFirst().through()) {
            throw before(definition, parts.history(), "token " + token);
        }
        boolean known =
                points.stream().anyMatch(point -> point.token() == token)
                        || parts.tail().has(definition, token);
        if (!known) {
            throw QuernException.invalid(
                    "'at': token "
                            + token
                            + " is of no write of collection \""
                            + definition.name()
                            + "\"");
        }
        return token;
    }

    private static QuernException before(Definition definition, History history, String asked) {
        HistoryInfo info = history.info(definition);
        String what = "collection \"" + definition.name() + "\"";
        if (info.since().isEmpty()) {
            return QuernException.notFound(
                    what
                            + (info.window().isZero()
                                    ? " keeps no history"
                                    : " has no history yet: it begins with its next checkpoint"));
        }
        return QuernException.notFound(
                what
                        + " has no history of "
                        + asked
                        + ": the oldest moment that can be read is "
                        + info.since().get()
                        + ", token "
                        + info.sinceToken());
    }

    /// An index that was made.
    ///
    /// @param files of the point it was made from, which lie in it
    record Laid(LuceneIndex.Committed committed, String commitId, Map<String, SavedFile> files) {}

    /// Makes the index of a state in a directory, in place of what is there.
    ///
    /// @throws QuernException `NOT_FOUND` if the history let go of it meanwhile; `CORRUPT` naming
    ///   what is missing or damaged
    Laid lay(Definition definition, Past past, Path directory) throws IOException {
        Map<String, SavedFile> files = Map.of();
        Optional<Checkpoint> checkpoint = past.base().checkpoint();
        if (checkpoint.isPresent()) {
            CheckpointStore.Saved saved = parts.checkpoints().read(definition, checkpoint.get(), 0);
            files = saved.files();
            parts.checkpoints()
                    .restore(definition, saved, directory, parts.open().files(definition));
        } else {
            IOUtils.rm(directory);
            Files.createDirectories(directory);
        }
        Laid laid = replay(definition, past, directory, files);
        List<Point> points = parts.history().points(definition);
        if (points.isEmpty() || points.getFirst().token() > past.base().token()) {
            // The writes that were replayed may have been cut before they were read.
            throw before(definition, parts.history(), past.asked());
        }
        return laid;
    }

    private Laid replay(
            Definition definition, Past past, Path directory, Map<String, SavedFile> files)
            throws IOException {
        Schema schema = past.schema();
        try (LuceneIndex index =
                LuceneIndex.open(
                        directory,
                        schema,
                        past.base().checkpoint().map(Checkpoint::commitId),
                        parts.tuning())) {
            parts.tail()
                    .replay(
                            definition,
                            past.base().token(),
                            past.token(),
                            (token, _, batch) -> {
                                LiveSchema.requireFits(definition, schema, token, batch);
                                apply(index, schema, token, batch);
                            });
            String commitId = parts.ids().next();
            return new Laid(index.commit(commitId), commitId, files);
        }
    }

    private static void apply(LuceneIndex index, Schema schema, long token, WriteBatch batch) {
        try {
            index.apply(batch, token, schema);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
