package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Expected.Name;
import dev.quern.storage.SimDisk.Call;
import dev.quern.storage.SimDisk.Fault;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.Txn.Condition;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/// One run of the seeded simulation: logical clients take turns on one engine over a [SimDisk], the
/// disk fails, processes are killed and the power goes, all as one random source says, and every
/// answer is checked against [Expected]. The same seed gives the same run.
final class Simulation {
    private static final int STEPS = 150;
    private static final int TRACED = 30;
    private static final int[] SIZES = {1, 50, 376, 512, 4000, 9000, 30_000, 66_000, 90_000};

    private final Random random;
    private final SimEngine sim;
    private final Expected expected = new Expected();
    private final Deque<String> trace = new ArrayDeque<>();
    private long steps;

    /// Takes the seed and an empty directory of the machine for the databases.
    Simulation(long seed, Path root) {
        random = new Random(seed);
        sim = new SimEngine(root, new Random(seed + 1));
    }

    /// Runs to the end.
    ///
    /// @return the same for the same seed: of every call to the disk
    /// @throws AssertionError if the engine broke a promise; names the step and the last ones
    long run() {
        try (sim) {
            for (int i = 0; i < STEPS; i++) {
                step();
            }
            sim.disk().plan(SimDisk.Plan.GOOD);
            log("last reopening");
            reopen();
            expected.verifyAfterOpening(sim);
            if (random.nextInt(3) == 0) {
                rot();
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "step " + steps + ": " + e + "\n  " + String.join("\n  ", trace), e);
        }
        return sim.disk().history();
    }

    private void log(String what) {
        trace.add(steps + " " + what);
        if (trace.size() > TRACED) {
            trace.remove();
        }
    }

    private void step() {
        steps++;
        try {
            if (!sim.isOpen()) {
                log("open");
                expected.verifyAfterOpening(sim);
            }
            act(random.nextInt(100));
        } catch (QuernException e) {
            log("  " + e.kind() + ": " + e.getMessage());
            boolean fault =
                    e.kind() == ErrorKind.UNAVAILABLE
                            || e.kind() == ErrorKind.EXHAUSTED
                            || sim.disk().isOff();
            if (!fault) {
                throw e;
            }
        }
        if (sim.disk().isOff()) {
            powerLoss();
        }
    }

    private void act(int die) {
        ChunkStore store = sim.chunks();
        if (die < 39) {
            put(store);
        } else if (die < 40) {
            putRun(store);
        } else if (die < 54) {
            log("sync");
            expected.sync(store);
        } else if (die < 76) {
            commit();
        } else if (die < 84) {
            read(store);
        } else if (die < 87) {
            log("scan");
            expected.verifyFacts(sim);
        } else if (die < 90) {
            log("close");
            reopen();
        } else if (die < 93) {
            powerLoss();
        } else if (die < 95) {
            log("kill");
            sim.kill();
        } else {
            plan();
        }
    }

    private void put(ChunkStore store) {
        List<Name> names = expected.names();
        SpaceId space = space();
        boolean again = !names.isEmpty() && random.nextInt(4) == 0;
        byte[] bytes =
                again
                        ? expected.bytes(names.get(random.nextInt(names.size())))
                        : Chunks.bytes(random.nextLong(), 1 + random.nextInt(size()));
        log("put " + bytes.length + (again ? " bytes known before" : " bytes"));
        expected.put(store, space, bytes);
    }

    private void putRun(ChunkStore store) {
        List<byte[]> file = new ArrayList<>();
        for (int left = 3 + random.nextInt(2); left > 0; left--) {
            file.add(Chunks.bytes(random.nextLong(), 300_000 + random.nextInt(100_000)));
        }
        List<Name> names = expected.names();
        if (!names.isEmpty() && random.nextInt(3) == 0) {
            file.add(1, expected.bytes(names.get(random.nextInt(names.size()))));
        }
        boolean finish = random.nextInt(5) > 0;
        log("run of " + file.size() + " chunks" + (finish ? "" : ", given up"));
        expected.putRun(store, space(), file, finish);
    }

    private int size() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private SpaceId space() {
        return RandomTxns.SPACES.get(random.nextInt(RandomTxns.SPACES.size()));
    }

    private void commit() {
        List<Name> names = expected.names();
        if (random.nextInt(4) == 0) {
            List<Txn> group = new ArrayList<>();
            for (int left = 1 + random.nextInt(5); left > 0; left--) {
                group.add(RandomTxns.next(random, sim.facts().appliedIndex()));
            }
            log("commit a group of " + group.size());
            expected.commitGroup(sim, group);
            return;
        }
        if (names.isEmpty() || random.nextInt(3) == 0) {
            Txn txn = RandomTxns.next(random, sim.facts().appliedIndex());
            log("commit " + txn.mutations().size() + " changes");
            expected.commit(sim, txn);
            return;
        }
        Name name = names.get(random.nextInt(names.size()));
        Key key = Key.of("f", Key.number(random.nextInt(6)));
        Txn.Builder txn = Txn.in(name.space()).require(name.id()).put(key, name.id().bytes());
        if (random.nextInt(4) == 0) {
            txn.when(new Condition.Absent(key));
        }
        log(
                "commit "
                        + key
                        + " of "
                        + (expected.isPromised(name) ? "a durable" : "some")
                        + " chunk");
        expected.commit(sim, txn.build());
    }

    private void read(ChunkStore store) {
        List<Name> names = expected.names();
        if (!names.isEmpty()) {
            Name name = names.get(random.nextInt(names.size()));
            log("read " + name.id());
            expected.read(store, name);
        }
    }

    private void reopen() {
        sim.close();
        sim.chunks();
    }

    private void powerLoss() {
        List<Loss> losses = List.of(Loss.values());
        Loss loss = losses.get(random.nextInt(losses.size()));
        log("power loss, of unsynced changes: " + loss);
        sim.powerLoss(loss);
    }

    /// Chooses the next faults: none, at some calls, or a power failure at one of the next.
    private void plan() {
        long from = sim.disk().calls();
        long at = from + 1 + random.nextInt(25);
        int chance = 2 + random.nextInt(20);
        int kind = random.nextInt(4);
        long source = random.nextLong();
        log("faults of kind " + kind + " from call " + at);
        sim.disk()
                .plan(
                        switch (kind) {
                            case 0 -> SimDisk.Plan.GOOD;
                            case 1 -> (n, _, _) -> n == at ? Fault.POWER_BEFORE : Fault.NONE;
                            case 2 -> (n, _, _) -> n == at ? Fault.POWER_AFTER : Fault.NONE;
                            default -> (n, call, path) -> sometimes(source + n, chance, call, path);
                        });
    }

    /// The index's database waits a while after each failure, by the machine's clock.
    private static Fault sometimes(long seed, int chance, Call call, Path path) {
        Random die = new Random(seed);
        die.nextInt();
        boolean fails = die.nextInt(chance) == 0 && !path.endsWith("index");
        return fails ? (die.nextBoolean() && call.changes() ? Fault.FULL : Fault.IO) : Fault.NONE;
    }

    /// Bits turn in packs that are durable: a read gives the bytes that were put, or fails.
    private void rot() {
        log("bit rot");
        sim.close();
        for (int i = 0; i < 5; i++) {
            sim.disk().flipBit(path -> path.toString().endsWith(Pack.Kind.RECORDS.suffix()));
        }
        ChunkStore store = sim.chunks();
        for (Name name : expected.names()) {
            try {
                boolean same =
                        Arrays.equals(store.read(name.space(), name.id()), expected.bytes(name));
                Expected.check(same, "chunk " + name.id() + " reads other bytes after bit rot");
            } catch (QuernException e) {
                boolean said =
                        e.kind() == ErrorKind.CORRUPT
                                || (e.kind() == ErrorKind.NOT_FOUND && !expected.isPromised(name));
                Expected.check(said, "after bit rot: " + e.getMessage());
            }
        }
    }
}
