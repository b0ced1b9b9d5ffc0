package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;

import java.io.PrintStream;
import java.nio.file.Path;

/// Writes until it is killed: chunk, sync, fact, then a line on stdout that says so.
final class KilledWriter {
    private static final int THREADS = 6;

    private KilledWriter() {}

    /// Runs for ever, on the data directory and with the run number that `args` names.
    public static void main(String[] args) throws InterruptedException {
        int run = Integer.parseInt(args[1]);
        try (StorageEngine engine = Engines.open(Path.of(args[0]))) {
            Thread[] writers = new Thread[THREADS];
            for (int i = 0; i < THREADS; i++) {
                int writer = i;
                writers[i] =
                        Thread.ofPlatform().start(() -> writeForEver(engine, run + "-" + writer));
            }
            for (Thread writer : writers) {
                writer.join();
            }
        }
    }

    private static void writeForEver(StorageEngine engine, String writer) {
        for (int n = 0; ; n++) {
            String name = writer + "-" + n;
            write(engine, name);
            acknowledge(System.out, name);
        }
    }

    private static void write(StorageEngine engine, String name) {
        ChunkId id = Chunks.put(engine.chunks(), chunk(name));
        engine.chunks().sync();
        engine.facts()
                .commit(Txn.in(SPACE).require(id).put(Key.of("w", name), text(id.hex())).build());
    }

    /// In one write, which a kill does not cut.
    private static void acknowledge(PrintStream out, String name) {
        byte[] line = text(name + "\n");
        out.write(line, 0, line.length);
        out.flush();
    }

    /// What the writer stores under a name.
    static byte[] chunk(String name) {
        int seed = name.hashCode();
        return Chunks.bytes(seed, 1 + Math.floorMod(seed, 20_000));
    }
}
