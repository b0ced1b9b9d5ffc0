package dev.quern.storage;

import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.storage.Expected.Name;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.SimPlan.Call;
import dev.quern.storage.SimPlan.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The power fails at every sync, in turn, and at every third other call that changes the disk, of
/// a script that has all kinds of operations: before the call takes effect or after.
final class PowerLossTest {
    private static final int[] SIZES = {1, 376, 512, 5000, 20_000, 3, 70_000, 65_000, 100, 40_000};

    /// Long enough for a run.
    private static final List<byte[]> FILE =
            List.of(
                    Chunks.bytes(50, 400_000),
                    Chunks.bytes(51, 400_000),
                    Chunks.bytes(52, 300_000));

    @TempDir Path directory;

    @Test
    void everySyncAndManyWrites() {
        List<Call> calls = calls();
        assertThat(calls).contains(Call.FORCE, Call.WRITE, Call.SYNC_NAMES, Call.RESIZE);
        for (int at = 0; at < calls.size(); at++) {
            boolean sync = calls.get(at) == Call.FORCE || calls.get(at) == Call.SYNC_NAMES;
            Fault when = at % 2 == 0 ? Fault.POWER_BEFORE : Fault.POWER_AFTER;
            Fault other = at % 2 == 0 ? Fault.POWER_AFTER : Fault.POWER_BEFORE;
            if (sync) {
                crash(at + 1, when, at % 3 == 0 ? Loss.PREFIX : Loss.RANDOM);
                crash(at + 1, other, Loss.EVERYTHING);
            } else if (calls.get(at).changes() && at % 3 == 0) {
                crash(at + 1, when, Loss.RANDOM);
            }
        }
    }

    /// Opening writes the last group of the log once more in its place, unless the state has it:
    /// what was acknowledged stays when that write is torn, though the disk turns bits of bytes
    /// that do not change, too. Without the copy of the group ([LogSettler]) about one seed of
    /// twelve loses it.
    @Test
    void whileTheLastGroupIsWrittenAgain() {
        int torn = 0;
        for (int seed = 0; seed < 60; seed++) {
            Expected expected = new Expected();
            Path root = directory.resolve("again" + seed);
            try (SimEngine sim = new SimEngine(root, new Random(seed), expected)) {
                for (int i = 0; i < 3; i++) {
                    Key key = Key.of("note", Key.number(i));
                    expected.commit(sim, Txn.in(SPACE).put(key, new byte[300]).build());
                }
                sim.powerLoss(Loss.NOTHING);
                expected.powerLost();
                sim.disk()
                        .plan((_, call, file) ->
                                call == Call.WRITE && file.toString().endsWith(LogSegment.SUFFIX)
                                        ? Fault.POWER_AFTER
                                        : Fault.NONE);
                torn += opens(sim) ? 0 : 1;
                sim.powerLoss(Loss.RANDOM);
                expected.powerLost();
                expected.verifyAfterOpening(sim);
            } catch (AssertionError | QuernException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertThat(torn).isGreaterThan(30);
    }

    /// Opening makes durable what a process left in packs and runs whose forces failed: what was
    /// acknowledged beside it stays when the power fails at any call of that.
    @Test
    void whilePacksAreMadeDurable() {
        int cut = 0;
        for (int seed = 0; seed < 120; seed++) {
            Expected expected = new Expected();
            Path root = directory.resolve("packs" + seed);
            try (SimEngine sim = new SimEngine(root, new Random(seed), expected)) {
                expected.put(sim.chunks(), SPACE, Chunks.bytes(99, 100));
                expected.sync(sim.chunks());
                unforced(sim, expected, seed % 2 == 0);
                sim.kill();
                int at = 1 + seed % 5;
                int[] calls = new int[1];
                sim.disk()
                        .plan((_, call, file) ->
                                call.changes() && isCopy(call, file) && ++calls[0] == at
                                        ? Fault.POWER_AFTER
                                        : Fault.NONE);
                cut += opens(sim) ? 0 : 1;
                sim.powerLoss(Loss.RANDOM);
                expected.powerLost();
                expected.verifyAfterOpening(sim);
            } catch (AssertionError | QuernException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertThat(cut).isGreaterThan(60);
    }

    private static boolean isCopy(Call call, Path file) {
        return call == Call.RENAME || file.toString().endsWith(DurableFile.COPY_SUFFIX);
    }

    /// Puts chunks behind others of the same pack, and maybe a run, on a disk that fails to force.
    private static void unforced(SimEngine sim, Expected expected, boolean run) {
        for (int i = 0; i < 3; i++) {
            expected.put(sim.chunks(), SPACE, Chunks.bytes(i, 700));
            expected.sync(sim.chunks());
        }
        sim.disk()
                .plan((_, call, file) ->
                        call == Call.FORCE && file.toString().contains("packs")
                                ? Fault.IO
                                : Fault.NONE);
        expected.put(sim.chunks(), SPACE, Chunks.bytes(3, 700));
        try {
            if (run) {
                expected.putRun(sim.chunks(), SPACE, FILE, true);
            }
            expected.sync(sim.chunks());
        } catch (QuernException e) {
            assertThat(e).hasMessageContaining("Input/output error");
        }
    }

    private static boolean opens(SimEngine sim) {
        try {
            sim.facts();
            return true;
        } catch (QuernException e) {
            assertThat(e).hasMessageContaining("the power fails");
            return false;
        }
    }

    /// What each call of the script does.
    private List<Call> calls() {
        List<Call> calls = new ArrayList<>();
        Path root = directory.resolve("counted");
        Expected expected = new Expected();
        try (SimEngine sim = new SimEngine(root, new Random(1), expected)) {
            sim.disk()
                    .plan((_, call, _) -> {
                        calls.add(call);
                        return Fault.NONE;
                    });
            script(sim, expected);
        }
        SimEngine.delete(root);
        return calls;
    }

    private void crash(int at, Fault fault, Loss loss) {
        String where = fault + " call " + at + ", loses " + loss;
        Path root = directory.resolve("run");
        Expected expected = new Expected();
        try (SimEngine sim = new SimEngine(root, new Random(at), expected)) {
            sim.disk().plan((number, _, _) -> number == at ? fault : Fault.NONE);
            try {
                script(sim, expected);
            } catch (QuernException e) {
                assertThat(sim.disk().isOff()).as("%s: %s", where, e).isTrue();
            }
            for (int again = 0; again < 2; again++) {
                sim.powerLoss(loss);
                expected.powerLost();
                expected.verifyAfterOpening(sim);
            }
            script(sim, expected);
            expected.verifyAfterOpening(sim);
        } catch (AssertionError | QuernException e) {
            throw new AssertionError(where + ": " + e.getMessage(), e);
        }
        SimEngine.delete(root);
    }

    private static void script(SimEngine sim, Expected expected) {
        for (int round = 0; round < 2; round++) {
            ChunkStore store = sim.chunks();
            for (int i = 0; i < SIZES.length; i++) {
                Name name =
                        expected.put(
                                store,
                                i % 4 == 3 ? OTHER : SPACE,
                                Chunks.bytes(i + 100L * round, SIZES[i]));
                if (i % 3 == 2) {
                    expected.sync(store);
                    Txn txn =
                            Txn.in(name.space())
                                    .put(file(i), TestRoots.bytes(name.id()))
                                    .require(name.id())
                                    .build();
                    expected.commit(sim, txn);
                }
            }
            if (round == 0) {
                expected.putRun(store, SPACE, FILE, true);
                expected.sync(store);
            }
            sim.close();
            collect(sim, expected);
        }
        expected.verifyAfterOpening(sim);
    }

    private static Key file(int i) {
        return Key.of("file", Key.number(i));
    }

    /// Removes some of what was put, and encrypts from then on.
    private static void collect(SimEngine sim, Expected expected) {
        expected.commit(sim, Txn.in(SPACE).delete(file(2)).build());
        GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
        boolean marked = expected.collect(sim, now);
        if (expected.collect(sim, now) && marked) {
            expected.verifyCollected(sim);
        }
        sim.maintenance().compact(new ByteSize(0));
        expected.verifyChunks(sim.chunks());
        if (sim.operator().isEmpty()) {
            sim.operator(OperatorKey.of(Chunks.bytes(1, 32)), Optional.empty());
            sim.close();
        }
        sim.keys().rotateDataKey(SPACE);
    }
}
