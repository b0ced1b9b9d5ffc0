package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.SpaceId;
import dev.quern.storage.MemoryChunkStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file of many chunks on the storage engine.
final class BigFileTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final int SIZE = 40 << 20;

    @TempDir Path directory;

    @Test
    void comesBackWholeAndInRanges() throws IOException {
        Random random = new Random(Seeds.next("BigFileTest"));
        byte[] bytes = new byte[SIZE];
        random.nextBytes(bytes);
        try (Fixture fixture = Fixture.durable(directory)) {
            fixture.create("v");
            StagedPut put = fixture.put("v", "big", bytes);
            assertThat(put.newBytes()).isEqualTo(SIZE);
            CommitId head = fixture.commit("v").id();
            fixture.reopen();
            try (FileContent content =
                    fixture.service.open(SPACE, "v", head, VolumePath.parse("big"))) {
                assertThat(content.info().sizeBytes()).isEqualTo(SIZE);
                try (InputStream in = content.stream(0, SIZE)) {
                    assertThat(Arrays.equals(in.readAllBytes(), bytes)).isTrue();
                }
                for (int i = 0; i < 100; i++) {
                    int from = random.nextInt(SIZE);
                    int length = random.nextInt(Math.min(SIZE - from, 6 << 20));
                    ByteBuffer range = ByteBuffer.allocate(length);
                    assertThat(content.read(from, range)).isEqualTo(length);
                    assertThat(Arrays.equals(range.array(), 0, length, bytes, from, from + length))
                            .isTrue();
                }
            }
            shiftedCopyIsStoredOnce(fixture, bytes);
        }
    }

    private static void shiftedCopyIsStoredOnce(Fixture fixture, byte[] bytes) {
        InputStream shifted =
                new SequenceInputStream(
                        new ByteArrayInputStream("inserted".getBytes(StandardCharsets.UTF_8)),
                        new ByteArrayInputStream(bytes));
        StagedPut copy = fixture.service.put(SPACE, "v", "s", VolumePath.parse("copy"), shifted);
        assertThat(copy.sizeBytes()).isEqualTo(SIZE + 8);
        assertThat(copy.newBytes()).isLessThan(2L * GearChunker.MAX_BYTES);
        assertThat(fixture.put("v", "same", bytes).newBytes()).isZero();
        byte[] read = fixture.read("v", fixture.commit("v").id(), "copy");
        assertThat(Arrays.equals(read, 8, read.length, bytes, 0, SIZE)).isTrue();
    }

    @Test
    void tooManyLargePutsAtOnceAreExhausted() throws InterruptedException {
        FileReceiver receiver = new FileReceiver(new MemoryChunkStore(), 1, Duration.ofMillis(20));
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        InputStream slow =
                new SequenceInputStream(
                        new ByteArrayInputStream(new byte[1 << 20]), waiting(reading, done));
        VolumePath path = VolumePath.parse("a");
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> first = executor.submit(() -> receiver.receive(SPACE, path, slow));
            reading.await();
            receiver.receive(SPACE, path, new ByteArrayInputStream(new byte[200_000]));
            InputStream large = new ByteArrayInputStream(new byte[1 << 20]);
            assertThatThrownBy(() -> receiver.receive(SPACE, path, large))
                    .hasMessageContaining("too many large files");
            done.countDown();
            assertThat(first).succeedsWithin(Duration.ofSeconds(10));
            receiver.receive(SPACE, path, new ByteArrayInputStream(new byte[1 << 20]));
        }
    }

    private static InputStream waiting(CountDownLatch reading, CountDownLatch done) {
        return new InputStream() {
            @Override
            public int read() {
                reading.countDown();
                try {
                    done.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return -1;
            }

            @Override
            public int read(byte[] bytes, int from, int length) {
                return read();
            }
        };
    }
}
