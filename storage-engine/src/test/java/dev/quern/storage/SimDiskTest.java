package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.SimPlan.Call;
import dev.quern.storage.SimPlan.Fault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SimDiskTest {
    private static final Path DIRECTORY = Path.of("/sim/packs");
    private static final Path FILE = DIRECTORY.resolve("a.pack");
    private final SimDisk disk = new SimDisk(new Random(1), _ -> false);

    @Test
    void keepsWhatWasForcedUnderASyncedName() throws IOException {
        try (DiskFile file = disk.create(FILE, 8)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2}), 3);
            file.force();
            disk.syncDirectory(DIRECTORY);
            file.write(ByteBuffer.wrap(new byte[] {9}), 0);
        }

        assertThat(disk.powerLoss(Loss.EVERYTHING).contents().get(FILE))
                .containsExactly(0, 0, 0, 1, 2, 0, 0, 0);
    }

    @Test
    void nameAndBytesAreLostApart() throws IOException {
        Path unnamed = DIRECTORY.resolve("b.pack");
        try (DiskFile file = disk.create(FILE, 8)) {
            disk.syncDirectory(DIRECTORY);
            file.write(ByteBuffer.wrap(new byte[] {1}), 0);
        }
        try (DiskFile file = disk.create(unnamed, 8)) {
            file.force();
        }

        assertThat(disk.powerLoss(Loss.EVERYTHING).contents()).containsOnlyKeys(FILE);
    }

    @Test
    void deletedFileIsBackUnlessTheDirectoryWasSynced() throws IOException {
        disk.create(FILE, 1).close();
        disk.syncDirectory(DIRECTORY);
        disk.delete(FILE);

        assertThat(disk.contents()).isEmpty();
        assertThat(disk.powerLoss(Loss.EVERYTHING).contents()).containsOnlyKeys(FILE);
    }

    @Test
    void killLosesNothingAndSyncsNothing() throws IOException {
        try (DiskFile file = disk.create(FILE, 1)) {
            disk.syncDirectory(DIRECTORY);
            file.write(ByteBuffer.wrap(new byte[] {1, 2}), 0);
        }
        SimDisk next = disk.kill();

        assertThatThrownBy(() -> disk.sizeBytes(FILE)).hasMessageContaining("off");
        assertThat(next.contents().get(FILE)).containsExactly(1, 2);
        assertThat(next.powerLoss(Loss.EVERYTHING).contents().get(FILE)).isEmpty();
    }

    @Test
    void mappingShowsLaterWritesAndOutlivesTheName() throws IOException {
        try (Arena arena = Arena.ofConfined();
                DiskFile file = disk.create(FILE, 4)) {
            MemorySegment map = file.map(arena);
            disk.delete(FILE);
            file.write(ByteBuffer.wrap(new byte[] {7}), 2);
            assertThat(map.get(ValueLayout.JAVA_BYTE, 2)).isEqualTo((byte) 7);
            assertThat(disk.held()).isEqualTo(2);
        }
        assertThat(disk.held()).isZero();
    }

    @Test
    void randomLossTearsKeepsAndDrops() throws IOException {
        boolean kept = false;
        boolean dropped = false;
        boolean torn = false;
        for (int seed = 0; seed < 60; seed++) {
            SimDisk fresh = new SimDisk(new Random(seed), _ -> false);
            try (DiskFile file = fresh.create(FILE, 0)) {
                fresh.syncDirectory(DIRECTORY);
                file.force();
                file.write(ByteBuffer.wrap(Chunks.bytes(5, 2000)), 0);
            }
            byte[] left = fresh.powerLoss(Loss.RANDOM).contents().get(FILE);
            boolean whole = Arrays.equals(left, Chunks.bytes(5, 2000));
            kept |= whole;
            dropped |= left != null && left.length == 0;
            torn |= !whole && left != null && left.length > 0;
        }
        assertThat(kept && dropped && torn).isTrue();
    }

    /// Bytes that are written over with what they were are not safe either.
    @Test
    void tornWriteMayGarbleWhatDoesNotChange() throws IOException {
        int garbled = 0;
        for (int seed = 0; seed < 200; seed++) {
            SimDisk fresh = new SimDisk(new Random(seed), _ -> false);
            try (DiskFile file = fresh.create(FILE, 0)) {
                file.write(ByteBuffer.wrap(Chunks.bytes(5, 2000)), 0);
                file.force();
                fresh.syncDirectory(DIRECTORY);
                file.write(ByteBuffer.wrap(Chunks.bytes(5, 1000)), 500);
            }
            byte[] left = fresh.powerLoss(Loss.RANDOM).contents().get(FILE);
            assertThat(left).hasSize(2000);
            garbled += Arrays.equals(left, Chunks.bytes(5, 2000)) ? 0 : 1;
        }
        assertThat(garbled).isBetween(1, 199);
    }

    @Test
    void failsAsPlanned() throws IOException {
        DiskFile file = disk.create(FILE, 0);
        disk.syncDirectory(DIRECTORY);
        disk.plan((_, call, _) -> call == Call.WRITE ? Fault.FULL : Fault.IO);
        assertThatThrownBy(() -> file.write(ByteBuffer.allocate(9), 0))
                .hasMessage("No space left on device");
        assertThatThrownBy(file::force).hasMessage("Input/output error");
        disk.plan((_, _, _) -> Fault.POWER_AFTER);
        assertThatThrownBy(() -> file.write(ByteBuffer.allocate(9), 0))
                .hasMessage("the power fails");
        assertThat(disk.isOff()).isTrue();
        file.close();
    }
}
