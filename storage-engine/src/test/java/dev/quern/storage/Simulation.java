package dev.quern.storage;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Expected.Name;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.SimPlan.Call;
import dev.quern.storage.SimPlan.Fault;
import dev.quern.storage.Txn.Condition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// One run of the seeded simulation: logical clients take turns on one engine over a [SimDisk], the
/// disk fails, processes are killed and the power goes, all as one random source says, and every
/// answer is checked against [Expected]. The same seed gives the same run.
final class Simulation {
    private static final int STEPS = 100;
    private static final int TRACED = 30;
    private static final Duration HOUR = Duration.ofHours(1);
    private static final ByteSize UNBOUNDED = new ByteSize(0);
    private static final int[] SIZES = {1, 50, 376, 512, 4000, 9000, 30_000, 66_000, 90_000};

    private final Random random;
    private final SimEngine sim;
    private final Expected expected = new Expected();
    private final Deque<String> trace = new ArrayDeque<>();
    private final SimHolds holds = new SimHolds(expected);
    private long steps;

    /// Whether calls to the disk may fail.
    private boolean faulty;

    /// Takes the seed and an empty directory of the machine for the databases.
    Simulation(long seed, Path root) {
        random = new Random(seed);
        sim = new SimEngine(root, new Random(seed + 1), expected);
        if (random.nextInt(3) == 0) {
            sim.operator(operatorKey(), Optional.empty());
        }
    }

    /// Runs to the end.
    ///
    /// @return the same for the same seed: of every call to the disk
    /// @throws AssertionError if the engine broke a promise; names the step and the last ones
    long run() {
        try (sim;
                holds) {
            for (int i = 0; i < STEPS; i++) {
                step();
            }
            sim.disk().plan(SimPlan.GOOD);
            faulty = false;
            log("last reopening");
            reopen();
            expected.verifyAfterOpening(sim);
            collectAll();
            sim.maintenance().compact(UNBOUNDED);
            fsck();
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
        if (die < 30) {
            put(store);
        } else if (die < 31) {
            putRun(store);
        } else if (die < 42) {
            log("sync");
            expected.sync(store);
        } else if (die < 64) {
            commit();
        } else if (die < 70) {
            read(store);
        } else if (die < 72) {
            log("scan");
            expected.verifyFacts(sim);
        } else if (die < 86) {
            maintain(die);
        } else if (die < 88) {
            log("close");
            reopen();
        } else if (die < 91) {
            powerLoss();
        } else if (die < 93) {
            log("kill");
            holds.close();
            sim.kill();
            faulty = false;
        } else if (die < 95) {
            hold(store);
        } else {
            plan();
        }
    }

    private void maintain(int die) {
        if (die < 76) {
            collect();
        } else if (die < 78) {
            collectAll();
        } else if (die < 81) {
            compact();
        } else if (die < 83) {
            rotate();
        } else if (die < 84) {
            fsck();
        } else {
            long passed = random.nextBoolean() ? HOUR.toMillis() : random.nextInt(5);
            log("the clock moves on by " + passed + " ms");
            sim.pass(passed);
        }
    }

    private Duration grace() {
        return List.of(Duration.ZERO, Duration.ofMillis(2), HOUR).get(random.nextInt(3));
    }

    private void collect() {
        boolean dry = random.nextInt(8) == 0;
        GcRequest request = GcRequest.defaults().withGrace(grace()).withDryRun(dry);
        log("gc with a grace of " + request.grace() + (dry ? ", dry" : ""));
        Expected.check(expected.collect(sim, request) || faulty, "gc left a space out");
    }

    /// Collects twice, a grace apart, after which no garbage is left.
    private void collectAll() {
        GcRequest request = GcRequest.defaults().withGrace(grace());
        log("gc of everything with a grace of " + request.grace());
        expected.sync(sim.chunks());
        boolean done = expected.collect(sim, request);
        sim.pass(request.grace().toMillis());
        if (expected.collect(sim, request) && done) {
            expected.verifyCollected(sim);
        }
    }

    private void compact() {
        if (!faulty && random.nextBoolean()) {
            plan();
        }
        CompactReport report = sim.maintenance().compact(UNBOUNDED);
        log("compacted: " + report);
        Expected.check(report.quarantined() == 0, "compaction finds damage: " + report);
        expected.verifyChunks(sim.chunks());
    }

    private void fsck() {
        FsckReport report = sim.maintenance().fsck(UNBOUNDED);
        log("fsck: " + report);
        boolean good = faulty ? report.damaged() == 0 : report.isClean();
        Expected.check(good || sim.disk().isOff(), "fsck finds " + report);
    }

    private OperatorKey operatorKey() {
        return OperatorKey.of(Chunks.bytes(random.nextLong(), 32));
    }

    /// A new data key, or a new operator key, or the first of these: then the engine is opened
    /// again with it.
    private void rotate() {
        Optional<OperatorKey> old = sim.operator();
        if (old.isEmpty()) {
            log("encrypt");
            holds.close();
            sim.close();
            sim.operator(operatorKey(), Optional.empty());
            sim.chunks();
        } else if (random.nextInt(3) > 0 || sim.isRewrapping()) {
            log("another data key");
            sim.keys().rotateDataKey(space());
        } else {
            log("another operator key");
            OperatorKey next = operatorKey();
            sim.operator(next, old);
            sim.keys().rotateOperatorKey(old.get(), next);
        }
    }

    private void hold(ChunkStore store) {
        List<Name> names = expected.names();
        if (names.isEmpty() || random.nextInt(3) == 0) {
            log("let go");
            holds.close();
            return;
        }
        Name name = names.get(random.nextInt(names.size()));
        int kind = random.nextInt(3);
        log("hold " + List.of("writes", "a pin", "a lease").get(kind) + " for " + name);
        switch (kind) {
            case 0 -> holds.writes(store, name.space(), sim.millis());
            case 1 -> holds.pin(store, name);
            default -> holds.lease(store, name);
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
        Key key = Key.of("file", Key.number(random.nextInt(6)));
        if (random.nextInt(5) == 0) {
            forget(name.space(), key);
            return;
        }
        if (random.nextInt(5) == 0) {
            commitList(name.space());
            return;
        }
        Txn.Builder txn = Txn.in(name.space()).require(name.id());
        txn.put(key, TestRoots.bytes(name.id()), List.of(Key.of("by", name.id().hex())));
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

    private void forget(SpaceId space, Key key) {
        log("forget " + key);
        Key all = Key.of(random.nextBoolean() ? "file" : "list");
        Txn.Mutation change =
                random.nextInt(3) == 0
                        ? new Txn.Mutation.DeleteThrough(all, all)
                        : new Txn.Mutation.Delete(key);
        expected.commit(sim, Txn.in(space).then(change).build());
    }

    /// A fact that names a chunk which names others.
    private void commitList(SpaceId space) {
        List<ChunkId> ids =
                expected.names().stream()
                        .filter(name -> name.space().equals(space) && expected.isPromised(name))
                        .map(Name::id)
                        .limit(1 + random.nextInt(20))
                        .toList();
        if (ids.isEmpty()) {
            return;
        }
        log("commit a list of " + ids.size());
        Name list = expected.put(sim.chunks(), space, TestRoots.bytes(ids));
        expected.sync(sim.chunks());
        Txn.Builder txn = Txn.in(space).require(list.id());
        ids.forEach(txn::require);
        Key key = Key.of("list", Key.number(random.nextInt(2)));
        expected.commit(sim, txn.put(key, TestRoots.bytes(list.id())).build());
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
        holds.close();
        sim.close();
        sim.chunks();
    }

    private void powerLoss() {
        List<Loss> losses = List.of(Loss.values());
        Loss loss = losses.get(random.nextInt(losses.size()));
        log("power loss, of unsynced changes: " + loss);
        holds.close();
        sim.powerLoss(loss);
        expected.powerLost();
        faulty = false;
    }

    /// Chooses the next faults: none, at some calls, or a power failure at one of the next.
    private void plan() {
        long from = sim.disk().calls();
        long at = from + 1 + random.nextInt(25);
        int chance = 2 + random.nextInt(20);
        int kind = random.nextInt(5);
        long source = random.nextLong();
        faulty = kind > 0;
        log("faults of kind " + kind + " from call " + at);
        sim.disk()
                .plan(
                        switch (kind) {
                            case 0 -> SimPlan.GOOD;
                            case 1 -> (n, _, _) -> n == at ? Fault.POWER_BEFORE : Fault.NONE;
                            case 2 -> (n, _, _) -> n == at ? Fault.POWER_AFTER : Fault.NONE;
                            case 3 ->
                                    (n, _, path) ->
                                            n == at && !isIndex(path) ? Fault.IO : Fault.NONE;
                            default -> (n, call, path) -> sometimes(source + n, chance, call, path);
                        });
    }

    /// Its database waits a while after each failure, by the machine's clock.
    private static boolean isIndex(Path path) {
        return path.endsWith("index");
    }

    private static Fault sometimes(long seed, int chance, Call call, Path path) {
        Random die = new Random(seed);
        die.nextInt();
        boolean fails = die.nextInt(chance) == 0 && !isIndex(path);
        return fails ? (die.nextBoolean() && call.changes() ? Fault.FULL : Fault.IO) : Fault.NONE;
    }

    /// Bits turn in packs that are durable: a read gives the bytes that were put, or fails. What is
    /// damaged is found by a check, and put right from another source.
    private void rot() {
        log("bit rot");
        sim.close();
        for (int i = 0; i < 5; i++) {
            sim.disk().flipBit(path -> path.toString().endsWith(Pack.Kind.RECORDS.suffix()));
        }
        int damaged = 0;
        for (Name name : expected.names()) {
            damaged += readRotten(name) ? 0 : 1;
        }
        FsckReport report = sim.maintenance().fsck(UNBOUNDED);
        Expected.check(report.damaged() >= damaged, damaged + " damaged, fsck finds " + report);
        sim.maintenance().compact(UNBOUNDED);
        expected.names().forEach(this::readRotten);
        sim.maintenance().repair(this::known, UNBOUNDED);
        expected.verifyChunks(sim.chunks());
    }

    private Optional<byte[]> known(SpaceId space, ChunkId id) {
        return Optional.of(expected.bytes(new Name(space, id)));
    }

    private boolean readRotten(Name name) {
        try {
            byte[] read = sim.chunks().read(name.space(), name.id());
            boolean same = Arrays.equals(read, expected.bytes(name));
            Expected.check(same, "chunk " + name.id() + " reads other bytes after bit rot");
            return true;
        } catch (QuernException e) {
            boolean gone = e.kind() == ErrorKind.NOT_FOUND && !expected.isPromised(name);
            Expected.check(
                    gone || e.kind() == ErrorKind.CORRUPT, "after bit rot: " + e.getMessage());
            return gone;
        }
    }
}
