package dev.quern.vector;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.CrashRun;
import dev.quern.storage.GcRequest;
import dev.quern.storage.Maintenance;
import dev.quern.storage.StorageEngine;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/// The process that `CrashRun` kills for collections: writers do one [CrashOp] after the other,
/// while others search, merge, collect garbage and compact; checkpoints are frequent. An operation
/// is a line on stdout before it begins (`B life writer number`) and one when it is acknowledged
/// (`A` with the same and what it was told); `F` is a failure. Says `R` when it runs.
final class CollectionCrashWriter {
    private static final long PAUSE_NANOS = 20_000_000;
    private static final long BREATH_NANOS = 3_000_000;

    private final CollectionService service;
    private final Maintenance maintenance;
    private final FileOutputStream out;
    private final int life;

    private CollectionCrashWriter(
            CollectionService service, Maintenance maintenance, FileOutputStream out, int life) {
        this.service = service;
        this.maintenance = maintenance;
        this.out = out;
        this.life = life;
    }

    /// Takes the data directory, the number of this life, how many operations each writer does, and
    /// whether to encrypt.
    public static void main(String[] args) throws InterruptedException, IOException {
        Path data = Path.of(args[0]);
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write("R\n".getBytes(StandardCharsets.US_ASCII));
            try (StorageEngine engine = CrashRun.open(data, Boolean.parseBoolean(args[3]));
                    CollectionService service = open(engine, data)) {
                CrashOp.create(service, CrashOp.SHARED);
                CollectionCrashWriter load =
                        new CollectionCrashWriter(
                                service, engine.maintenance(), out, Integer.parseInt(args[1]));
                load.run(Integer.parseInt(args[2]));
            }
        }
    }

    /// A service that saves a checkpoint every few writes.
    @SuppressWarnings("MustBeClosedChecker") // returned
    static CollectionService open(StorageEngine engine, Path data) {
        CollectionConfig config =
                Rig.with(
                                Map.of(
                                        "ramBuffer",
                                        ByteSize.ofMebibytes(1),
                                        "checkpointRows",
                                        150,
                                        "search",
                                        SearchConfig.defaults().comparing(50),
                                        "cpuThreads",
                                        2,
                                        "idleMerge",
                                        Duration.ofMillis(50)))
                        .apply(CollectionConfig.defaults(data.resolve("cache")));
        CollectionService service =
                new CollectionService(
                        engine.chunks(),
                        engine.facts(),
                        InstantSource.system(),
                        new Random(),
                        config);
        engine.roots().register(service.roots());
        return service;
    }

    private void run(int operations) throws InterruptedException {
        Thread.setDefaultUncaughtExceptionHandler(
                (_, e) -> say("F " + String.valueOf(e).replace('\n', ' ')));
        Thread.ofPlatform().daemon().start(this::maintain);
        Thread.ofPlatform().daemon().start(this::search);
        Thread[] writers = new Thread[CrashOp.WRITERS];
        for (int i = 0; i < writers.length; i++) {
            int writer = i;
            writers[i] = Thread.ofPlatform().start(() -> write(writer, operations));
        }
        for (Thread writer : writers) {
            writer.join();
        }
    }

    private void write(int writer, int operations) {
        for (int n = 0; n < operations; n++) {
            String words = life + " " + writer + " " + n;
            say("B " + words);
            say("A " + words + " " + untilAdmitted(CrashOp.of(life, writer, n)));
        }
    }

    /// A write that finds too many rows waiting for a checkpoint leaves nothing, and is tried
    /// again.
    private CrashOp.Told untilAdmitted(CrashOp operation) {
        while (true) {
            try {
                return operation.run(service);
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.EXHAUSTED) {
                    throw e;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void maintain() {
        Random random = new Random(life);
        while (true) {
            LockSupport.parkNanos(PAUSE_NANOS);
            switch (random.nextInt(4)) {
                case 0 -> {
                    var _ = service.merge(CrashOp.SPACE, CrashOp.SHARED);
                }
                case 1 -> maintenance.compact(new ByteSize(0));
                default -> {
                    Duration grace = Duration.ofMillis(random.nextInt(3) * 10L);
                    maintenance.gc(GcRequest.defaults().withGrace(grace));
                }
            }
        }
    }

    /// A group shows whole, as one operation wrote it, or not at all; also while a collection is
    /// rolled back, renamed or dropped, and in snapshots.
    private void search() {
        Random random = new Random(life);
        while (true) {
            LockSupport.parkNanos(BREATH_NANOS);
            int writer = random.nextInt(CrashOp.WRITERS);
            int group = random.nextInt(CrashOp.GROUPS);
            SearchSpec spec =
                    SearchSpec.hybrid(new float[CrashOp.DIMS], "mill", 100)
                            .where(CrashOp.inGroup(writer, group));
            CollectionRef ref = place(random, writer);
            List<Hit> hits = hits(ref, spec);
            String torn = CrashRead.torn(hits.stream().map(Hit::row).toList());
            if (!torn.isEmpty()) {
                say("F a search of " + ref + " saw " + torn);
            }
        }
    }

    private static CollectionRef place(Random random, int writer) {
        return switch (random.nextInt(32)) {
            case 0, 1, 2 -> CollectionRef.of(CrashOp.own(writer));
            case 3, 4 -> CollectionRef.of(CrashOp.branch(writer));
            case 5 -> CollectionRef.of(CrashOp.alias(writer));
            case 6 -> CollectionRef.at(CrashOp.SHARED, CrashStep.snapshot(writer, random));
            default -> CollectionRef.of(CrashOp.SHARED);
        };
    }

    /// None where there is no such collection, or no group in it yet.
    private List<Hit> hits(CollectionRef ref, SearchSpec spec) {
        try {
            return service.search(
                            CrashOp.SPACE,
                            ref,
                            schema -> {
                                if (schema.attributes().get("g") == null) {
                                    throw new QuernException(ErrorKind.NOT_FOUND, "no group");
                                }
                                return spec;
                            })
                    .hits();
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            return List.of();
        }
    }

    private void say(String line) {
        try {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the parent is gone
        }
    }
}
