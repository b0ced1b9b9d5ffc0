package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;

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
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// The process that [CrashRun] kills: several threads put, commit, delete and count until the end.
/// Each operation is one line on stdout before it begins (`B` and its words) and one once it is
/// acknowledged (`A` and the same words), `C` for a lost race; a line is one write, which a kill
/// does not cut. Says `R` when it runs.
final class CrashWriter {
    private final StorageEngine engine;
    private final FileOutputStream out;
    private final String life;

    private CrashWriter(StorageEngine engine, FileOutputStream out, String life) {
        this.engine = engine;
        this.out = out;
        this.life = life;
    }

    /// Takes the data directory, the number of this life, and how many operations each thread does.
    public static void main(String[] args) throws InterruptedException, IOException {
        int operations = Integer.parseInt(args[2]);
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write(text("R\n"));
            try (StorageEngine engine = CrashLoad.open(Path.of(args[0]))) {
                CrashWriter load = new CrashWriter(engine, out, args[1]);
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
                        putFile(name);
                    } else {
                        put(name);
                    }
                }
                default -> {
                    put(name);
                    put(writer, slot, name);
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

    private void putFile(String name) {
        List<String> names = CrashLoad.file(name);
        names.forEach(part -> say("B put " + part));
        try (ChunkRun run = engine.chunks().beginRun(SPACE)) {
            names.forEach(part -> run.put(MemorySegment.ofArray(CrashLoad.chunk(part))));
            run.finish();
        }
        engine.chunks().sync();
        names.forEach(part -> say("A put " + part));
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
