package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Condition;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/// The process that [CrashRun] kills: several threads put, commit, delete and count until the end,
/// while another collects garbage, compacts and, if the store is encrypted, changes its data key.
/// Each operation is one line on stdout before it begins (`B` and its words) and one once it is
/// acknowledged (`A` and the same words), `C` for a lost race, `F` for a failure; a line is one
/// write, which a kill does not cut. Says `R` when it runs.
final class CrashWriter {
    private static final long PAUSE_NANOS = 20_000_000;

    private final StorageEngine engine;
    private final FileOutputStream out;
    private final String life;
    private final boolean encrypted;

    private CrashWriter(
            StorageEngine engine, FileOutputStream out, String life, boolean encrypted) {
        this.engine = engine;
        this.out = out;
        this.life = life;
        this.encrypted = encrypted;
    }

    /// Takes the data directory, the number of this life, how many operations each thread does, and
    /// whether to encrypt.
    public static void main(String[] args) throws InterruptedException, IOException {
        int operations = Integer.parseInt(args[2]);
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write(text("R\n"));
            boolean encrypted = Boolean.parseBoolean(args[3]);
            try (StorageEngine engine = CrashLoad.open(Path.of(args[0]), encrypted)) {
                CrashWriter load = new CrashWriter(engine, out, args[1], encrypted);
                Thread.setDefaultUncaughtExceptionHandler(
                        (_, e) -> load.say("F " + String.valueOf(e).replace('\n', ' ')));
                Thread.ofPlatform().daemon().start(load::maintain);
                Thread[] writers = new Thread[CrashLoad.WRITERS];
                for (int i = 0; i < writers.length; i++) {
                    int writer = i;
                    writers[i] = Thread.ofPlatform().start(() -> load.write(writer, operations));
                }
                for (Thread writer : writers) {
                    writer.join();
                }
            }
        }
    }

    private void maintain() {
        Random random = new Random(life.hashCode());
        while (true) {
            LockSupport.parkNanos(PAUSE_NANOS);
            Duration grace = Duration.ofMillis(random.nextInt(3) * 10L);
            say("B gc");
            engine.maintenance().gc(GcRequest.defaults().withGrace(grace));
            if (random.nextInt(3) == 0) {
                engine.maintenance().compact(new ByteSize(0));
            }
            if (encrypted && random.nextInt(8) == 0) {
                engine.rotateDataKey(SPACE);
            }
        }
    }

    private void write(int writer, int operations) {
        Random random = new Random((life + writer).hashCode());
        for (int n = 0; n < operations; n++) {
            String name = life + "-" + writer + "-" + n;
            int slot = random.nextInt(CrashLoad.SLOTS);
            switch (random.nextInt(10)) {
                case 0 -> {
                    String words = "delete " + writer + " " + slot;
                    say("B " + words);
                    engine.facts()
                            .commit(Txn.in(SPACE).delete(CrashLoad.key(writer, slot)).build());
                    say("A " + words);
                }
                case 1, 2 -> count(random.nextInt(CrashLoad.COUNTERS));
                case 3 -> {
                    if (random.nextInt(4) == 0) {
                        putFile(writer, slot, name);
                    } else {
                        put(name);
                    }
                }
                default -> {
                    try (ChunkPins _ = engine.chunks().pinWrites(SPACE)) {
                        put(name);
                        put(writer, slot, name);
                    }
                }
            }
        }
    }

    private void put(String name) {
        say("B put " + name);
        Chunks.put(engine.chunks(), CrashLoad.chunk(name));
        engine.chunks().sync();
        say("A put " + name);
    }

    /// Of the file's chunks, only one is named by a fact.
    private void putFile(int writer, int slot, String name) {
        List<String> names = CrashLoad.file(name);
        names.forEach(part -> say("B put " + part));
        try (ChunkPins _ = engine.chunks().pinWrites(SPACE)) {
            try (ChunkRun run = engine.chunks().beginRun(SPACE)) {
                names.forEach(part -> run.put(MemorySegment.ofArray(CrashLoad.chunk(part))));
                run.finish();
            }
            engine.chunks().sync();
            names.forEach(part -> say("A put " + part));
            put(writer, slot, names.get(2));
        }
    }

    private void put(int writer, int slot, String name) {
        String words = "fact " + writer + " " + slot + " " + name;
        say("B " + words);
        ChunkId id = MemoryChunkStore.idOf(CrashLoad.chunk(name));
        Key key = CrashLoad.key(writer, slot);
        engine.facts().commit(Txn.in(SPACE).require(id).put(key, text(name)).build());
        say("A " + words);
    }

    private void count(int counter) {
        Key key = CrashLoad.counter(counter);
        Optional<Fact> before = engine.facts().find(SPACE, key);
        long value = before.map(fact -> number(fact.value())).orElse(0L) + 1;
        Txn.Builder txn = Txn.in(SPACE).put(key, text(Long.toString(value)));
        txn.when(
                before.<Condition>map(fact -> new Condition.Version(key, fact.version()))
                        .orElseGet(() -> new Condition.Absent(key)));
        say("B count " + counter);
        try {
            engine.facts().commit(txn.build());
            say("A count " + counter);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            say("C count " + counter);
        }
    }

    static long number(byte[] text) {
        return Long.parseLong(new String(text, StandardCharsets.US_ASCII));
    }

    private void say(String line) {
        try {
            out.write(text(line + "\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the parent is gone
        }
    }
}
