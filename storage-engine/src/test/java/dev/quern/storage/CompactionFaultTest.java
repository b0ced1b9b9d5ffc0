package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.storage.Expected.Name;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.SimPlan.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compaction when a call to the disk fails, or the power after it.
final class CompactionFaultTest {
    private static final GcRequest NOW = GcRequest.defaults().withGrace(Duration.ZERO);
    private static final ByteSize FAST = new ByteSize(0);
    private static final int LENGTH = 4000;

    @TempDir Path directory;

    @Test
    void nothingIsLostWhenACallFails() {
        int failures = 0;
        int at = 0;
        Outcome outcome;
        do {
            at++;
            outcome = failingAt(at, false);
            failingAt(at, true);
            failures += outcome == Outcome.FAILED ? 1 : 0;
        } while (outcome != Outcome.NOT_REACHED);
        assertThat(failures).isGreaterThan(10);
    }

    private enum Outcome {
        FAILED,
        DONE,
        NOT_REACHED
    }

    /// The call of this number fails; the power does after the next sync.
    ///
    /// @param again whether to compact once more before
    private Outcome failingAt(int at, boolean again) {
        Path root = directory.resolve(at + "-" + again);
        Expected expected = new Expected();
        try (SimEngine sim = new SimEngine(root, new Random(at), expected)) {
            fill(sim, expected);
            expected.put(sim.chunks(), SPACE, Chunks.bytes(1000, LENGTH));
            long failing = sim.disk().calls() + at;
            sim.disk().plan((n, _, _) -> n == failing ? Fault.IO : Fault.NONE);
            boolean done = compacts(sim);
            boolean reached = sim.disk().calls() >= failing;
            sim.disk().plan(SimPlan.GOOD);
            if (again) {
                compacts(sim);
            }
            expected.sync(sim.chunks());
            sim.powerLoss(Loss.EVERYTHING);
            expected.powerLost();
            expected.verifyAfterOpening(sim);
            return !reached ? Outcome.NOT_REACHED : done ? Outcome.DONE : Outcome.FAILED;
        }
    }

    /// Leaves packs of which a fourth is alive.
    private static void fill(SimEngine sim, Expected expected) {
        for (int i = 0; i < 60; i++) {
            Name name = expected.put(sim.chunks(), SPACE, Chunks.bytes(i, LENGTH));
            if (i % 4 == 0) {
                expected.sync(sim.chunks());
                Key key = Key.of("file", Key.number(i));
                byte[] value = TestRoots.bytes(name.id());
                expected.commit(sim, Txn.in(SPACE).require(name.id()).put(key, value).build());
            }
        }
        sim.close();
        expected.collect(sim, NOW);
        expected.collect(sim, NOW);
    }

    private static boolean compacts(SimEngine sim) {
        try {
            sim.maintenance().compact(FAST);
            return true;
        } catch (QuernException e) {
            return false;
        }
    }

    @Test
    @SuppressWarnings("try") // closing the engine is part of the script
    void packsThatAreGoneAreNotTakenForThoseThatGetTheirIds() {
        for (int seed = 0; seed < 12; seed++) {
            Path root = directory.resolve("ids" + seed);
            Expected expected = new Expected();
            try (SimEngine sim = new SimEngine(root, new Random(seed), expected)) {
                Name name = expected.put(sim.chunks(), SPACE, Chunks.bytes(1, LENGTH));
                sim.close();
                try (ChunkLease _ = sim.chunks().open(SPACE, name.id())) {
                    expected.collect(sim, NOW);
                    expected.collect(sim, NOW);
                    assertThat(sim.maintenance().compact(FAST).packsRemoved()).isEqualTo(1);
                }
                sim.close();
                Name other = expected.put(sim.chunks(), SPACE, Chunks.bytes(2, LENGTH));
                expected.sync(sim.chunks());
                sim.powerLoss(Loss.EVERYTHING);
                expected.powerLost();
                expected.verifyAfterOpening(sim);
                assertThat(sim.chunks().has(SPACE, other.id())).isTrue();
            }
        }
    }
}
