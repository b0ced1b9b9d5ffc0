package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.TierCache.Pins;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TierCacheTest {
    private static final int BLOB_BYTES = 8 << 20;
    private static final int RANGE_BYTES = 100_000;
    private static final long MAX_BYTES = 1 << 20;

    @TempDir Path directory;
    private final FaultyDisk disk = new FaultyDisk();
    private final MemoryTier tier = new MemoryTier();
    private final byte[] blob = Chunks.bytes(1, BLOB_BYTES);
    private TierCache cache;

    @BeforeEach
    void open() {
        tier.putIfAbsent("b", MemorySegment.ofArray(blob));
        cache = TierCache.open(disk, directory, MAX_BYTES, 0);
    }

    @Test
    void loadsOnceAndThenReadsItsCopy() {
        read(0);
        read(0);
        read(0);

        assertThat(tier.reads()).isEqualTo(1);
        assertThat(cache.stats().hits()).isEqualTo(2);
        assertThat(cache.stats().misses()).isEqualTo(1);
        assertThat(cache.stats().bytes()).isEqualTo(RANGE_BYTES + CacheFormat.HEADER_BYTES);
    }

    @Test
    void rangesAreTheirOwn() {
        assertThat(get(new BlobRange("b", 10, 20))).isEqualTo(Arrays.copyOfRange(blob, 10, 30));
        assertThat(get(new BlobRange("b", 10, 21))).isEqualTo(Arrays.copyOfRange(blob, 10, 31));
        assertThat(get(new BlobRange("b", 11, 20))).isEqualTo(Arrays.copyOfRange(blob, 11, 31));
        assertThat(tier.reads()).isEqualTo(3);
    }

    @Test
    void manyReadersLoadOnce() throws InterruptedException, ExecutionException {
        CountDownLatch go = new CountDownLatch(1);
        List<Callable<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            readers.add(() -> {
                try (ChunkLease lease =
                        cache.open(
                                range(3),
                                range -> {
                                    awaitUninterruptibly(go);
                                    return load(range);
                                })) {
                    return lease.bytes().toArray(ValueLayout.JAVA_BYTE);
                }
            });
        }
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<byte[]>> reads = readers.stream().map(pool::submit).toList();
            while (cache.stats().misses() < 16) {
                Thread.onSpinWait();
            }
            go.countDown();
            for (Future<byte[]> read : reads) {
                assertThat(read.get()).isEqualTo(expected(3));
            }
        }
        assertThat(tier.reads()).isEqualTo(1);
    }

    @Test
    void staysWithinItsBound() throws IOException {
        for (int i = 0; i < 80; i++) {
            read(i);
            assertThat(cache.stats().bytes()).isLessThanOrEqualTo(MAX_BYTES);
        }
        assertThat(cache.stats().evictions()).isGreaterThanOrEqualTo(70);
        assertThat(bytesOnDisk()).isEqualTo(cache.stats().bytes());
    }

    @Test
    void keepsWhatIsUsedOftenOverAScan() {
        for (int i = 0; i < 8; i++) { // use counts only once the cache is half full
            read(i);
        }
        for (int round = 0; round < 10; round++) {
            read(0);
            read(1);
        }
        for (int i = 10; i < 80; i++) {
            read(i);
        }
        int before = tier.reads();
        read(0);
        read(1);
        assertThat(tier.reads()).isEqualTo(before);
    }

    @Test
    void pinnedRangesStay() {
        List<BlobRange> pinned = List.of(range(0), range(1));
        try (Pins pins = cache.pin(pinned)) {
            try (Pins again = cache.pin(pinned)) {
                assertThat(again).isNotSameAs(pins);
                read(0);
                read(1);
            }
            for (int round = 0; round < 3; round++) {
                for (int i = 10; i < 40; i++) {
                    read(i);
                    read(i);
                }
            }
            int before = tier.reads();
            read(0);
            read(1);
            assertThat(tier.reads()).isEqualTo(before);
            assertThat(cache.stats().pinnedBytes()).isEqualTo(2L * (RANGE_BYTES + 1024));
            assertThat(cache.stats().bytes()).isLessThanOrEqualTo(MAX_BYTES);
        }
        assertThat(cache.stats().pinnedBytes()).isZero();
    }

    @Test
    void pinsAtMostHalf() {
        List<BlobRange> many = IntStream.range(0, 6).mapToObj(TierCacheTest::range).toList();

        assertThatThrownBy(
                        () -> {
                            try (Pins pins = cache.pin(many)) {
                                assertThat(pins).isNull();
                            }
                        })
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.EXHAUSTED));
        assertThat(cache.stats().pinnedBytes()).isZero();
    }

    @Test
    void dropsADamagedCopy() throws IOException {
        Random random = new Random(5);
        for (int i = 0; i < 20; i++) {
            read(i % 5);
            Path file = files().get(random.nextInt(files().size()));
            damage(file, random);
            for (int j = 0; j < 5; j++) {
                read(j);
            }
        }
    }

    @Test
    void survivesRestart() throws IOException {
        read(0);
        read(1);
        Files.write(directory.resolve("stray"), new byte[10]);
        Path torn = directory.resolve("01".repeat(16) + ".range");
        Files.write(torn, new byte[2000]);
        cache.close();
        open();

        read(0);
        read(1);
        assertThat(tier.reads()).isEqualTo(2);
        assertThat(directory.resolve("stray")).doesNotExist();
    }

    @Test
    void restartWithASmallerBoundEvicts() throws IOException {
        TierCache big = TierCache.open(disk, directory, 4 * MAX_BYTES, 0);
        for (int i = 0; i < 30; i++) {
            try (ChunkLease lease = big.open(range(i), this::load)) {
                assertThat(lease.bytes().byteSize()).isEqualTo(RANGE_BYTES);
            }
        }
        big.close();
        open();

        assertThat(cache.stats().bytes()).isBetween(1L, MAX_BYTES);
        assertThat(bytesOnDisk()).isEqualTo(cache.stats().bytes());
    }

    @Test
    void aFullDiskOnlyMakesItSlower() {
        disk.limitWritable(50_000);
        read(0);
        read(0);
        assertThat(tier.reads()).isEqualTo(2);
        assertThat(cache.stats().failures()).isEqualTo(1);
        disk.limitWritable(Long.MAX_VALUE);
        read(0);
        assertThat(tier.reads()).isEqualTo(3);

        TierCache wary = TierCache.open(disk, directory.resolve("wary"), MAX_BYTES, 1 << 20);
        disk.limitUsable(1 << 20);
        try (ChunkLease lease = wary.open(range(4), this::load)) {
            assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected(4));
        }
        assertThat(wary.stats().bytes()).isZero();
    }

    @Test
    void aDirectoryThatIsGoneOnlyMakesItSlower() throws IOException {
        read(0);
        for (Path file : files()) {
            Files.delete(file);
        }
        read(0);
        read(0);
        assertThat(tier.reads()).isEqualTo(2);
    }

    @Test
    void keepsNothingOfAFailedLoad() {
        tier.down(true);
        assertThatThrownBy(() -> read(0))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE));
        tier.down(false);
        read(0);
    }

    @Test
    void leaseOutlivesEvictionAndClose() {
        read(0);
        try (ChunkLease lease = cache.open(range(0), this::load)) {
            for (int i = 1; i < 80; i++) {
                read(i);
                read(i);
            }
            cache.close();
            assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected(0));
            assertThat(lease.bytes().isReadOnly()).isTrue();
        }
    }

    private void read(int i) {
        assertThat(get(range(i))).isEqualTo(expected(i));
    }

    private byte[] get(BlobRange range) {
        try (ChunkLease lease = cache.open(range, this::load)) {
            return lease.bytes().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private MemorySegment load(BlobRange range) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[range.length()]);
        if (tier.read(range.blob(), range.offset(), bytes) != range.length()) {
            throw QuernException.corrupt(range + " is short");
        }
        return bytes;
    }

    private static BlobRange range(int i) {
        return new BlobRange("b", (long) i * RANGE_BYTES, RANGE_BYTES);
    }

    private byte[] expected(int i) {
        return Arrays.copyOfRange(blob, i * RANGE_BYTES, (i + 1) * RANGE_BYTES);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private long bytesOnDisk() throws IOException {
        long bytes = 0;
        for (Path file : files()) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static void damage(Path file, Random random) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            if (random.nextInt(4) == 0) {
                channel.truncate(random.nextLong(channel.size()));
                return;
            }
            ByteBuffer one = ByteBuffer.allocate(1);
            long at = random.nextLong(channel.size());
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ (1 << random.nextInt(8)))).rewind();
            channel.write(one, at);
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }
}
