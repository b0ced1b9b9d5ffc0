package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.storage.Disk.DiskFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalDiskTest {
    private static final int SIZE = 700_001;

    private final Disk disk = new LocalDisk();
    @TempDir Path directory;

    /// Whatever part is looked at, across the slices that are read, and at an end that fills no
    /// block; what was never forced is by then.
    @Test
    void findsOnTheDeviceWhatWasWritten() throws IOException {
        Path file = directory.resolve("file");
        try (DiskFile out = disk.create(file, SIZE)) {
            out.write(ByteBuffer.wrap(Chunks.bytes(1, SIZE)), 0);
            for (long from : new long[] {0, 1, 4_095, 4_096, 262_144, 300_001, SIZE - 1}) {
                assertThat(disk.force(file, from, SIZE)).as("from %d", from).isTrue();
            }
            out.write(ByteBuffer.wrap(Chunks.bytes(2, 100)), 5_000);
            assertThat(disk.force(file, 5_010, 5_011)).isTrue();
            assertThat(disk.force(file, 0, 0)).isTrue();
        }
    }

    @Test
    void looksAtFilesThatMayNotBeWritten() throws IOException {
        Path file = directory.resolve("file");
        Files.write(file, Chunks.bytes(1, 100));
        assertThat(file.toFile().setReadOnly()).isTrue();
        assertThat(disk.force(file, 0, 100)).isTrue();
        assertThatThrownBy(() -> disk.force(directory.resolve("none"), 0, 1))
                .isInstanceOf(NoSuchFileException.class);
    }

    /// Nothing past the end can be on the device.
    @Test
    void doesNotFindWhatIsNotThere() throws IOException {
        Path file = directory.resolve("file");
        Files.write(file, Chunks.bytes(1, 100));
        assertThatThrownBy(() -> disk.force(file, 0, 101)).hasMessageContaining("ends at byte 100");
    }

    @Test
    void putsAFileInThePlaceOfAnother() throws IOException {
        Path from = Files.write(directory.resolve("from"), new byte[] {1});
        Path to = Files.write(directory.resolve("to"), new byte[] {2});
        disk.replace(from, to);
        assertThat(to).hasBinaryContent(new byte[] {1});
        assertThat(from).doesNotExist();
    }

    /// Some file systems open a file for reading past the kernel, and refuse each such read.
    @Test
    void deviceThatRefusesReadsCannotBeAsked() throws IOException {
        Path file = Files.write(directory.resolve("file"), Chunks.bytes(1, 10_000));
        try (FileChannel seen = FileChannel.open(file, StandardOpenOption.READ)) {
            assertThat(LocalDisk.isOnDevice(seen::read, seen, 4096, 100, 10_000)).isTrue();
            assertThat(LocalDisk.isOnDevice(LocalDiskTest::refuse, seen, 4096, 100, 10_000))
                    .isFalse();
            assertThatThrownBy(() -> LocalDisk.isOnDevice(seen::read, seen, 4096, 0, 10_001))
                    .isInstanceOf(EOFException.class);
        }
    }

    private static int refuse(ByteBuffer into, long offset) throws IOException {
        throw new IOException("Invalid argument");
    }
}
