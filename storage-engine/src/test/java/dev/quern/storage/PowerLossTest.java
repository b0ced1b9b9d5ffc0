package dev.quern.storage;

import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.QuernException;
import dev.quern.storage.Expected.Name;
import dev.quern.storage.SimDisk.Call;
import dev.quern.storage.SimDisk.Fault;
import dev.quern.storage.SimDisk.Loss;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The power fails at every call that changes the disk, in turn, of a script that has all kinds of
/// operations: before the call takes effect and after.
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
    void everyForceAndEveryWrite() {
        List<Call> calls = calls();
        assertThat(calls).contains(Call.FORCE, Call.WRITE, Call.SYNC_NAMES, Call.RESIZE);
        for (int at = 0; at < calls.size(); at++) {
            if (calls.get(at).changes()) {
                Fault when = at % 2 == 0 ? Fault.POWER_BEFORE : Fault.POWER_AFTER;
                crash(at + 1, when, Loss.RANDOM);
                boolean sync = calls.get(at) == Call.FORCE || calls.get(at) == Call.SYNC_NAMES;
                if (sync) {
                    Fault other = at % 2 == 0 ? Fault.POWER_AFTER : Fault.POWER_BEFORE;
                    crash(at + 1, other, Loss.EVERYTHING);
                    crash(at + 1, when, Loss.PREFIX);
                }
            }
        }
    }

    /// What each call of the script does.
    private List<Call> calls() {
        List<Call> calls = new ArrayList<>();
        Path root = directory.resolve("counted");
        try (SimEngine sim = new SimEngine(root, new Random(1))) {
            sim.disk()
                    .plan((_, call, _) -> {
                        calls.add(call);
                        return Fault.NONE;
                    });
            script(sim, new Expected());
        }
        SimEngine.delete(root);
        return calls;
    }

    private void crash(int at, Fault fault, Loss loss) {
        String where = fault + " call " + at + ", loses " + loss;
        Path root = directory.resolve("run");
        try (SimEngine sim = new SimEngine(root, new Random(at))) {
            Expected expected = new Expected();
            sim.disk().plan((number, _, _) -> number == at ? fault : Fault.NONE);
            try {
                script(sim, expected);
            } catch (QuernException e) {
                assertThat(sim.disk().isOff()).as("%s: %s", where, e).isTrue();
            }
            for (int again = 0; again < 2; again++) {
                sim.powerLoss(loss);
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
                                    .put(Key.of("f", Key.number(i)), name.id().bytes())
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
        }
        expected.verifyAfterOpening(sim);
    }
}
