package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkRun;
import dev.quern.storage.MemoryChunkStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Chunk lists of several levels, written and read.
final class ContentTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private final MemoryChunkStore chunks = new MemoryChunkStore();

    @Test
    void readsEveryRangeOfEveryLength() throws IOException {
        Random random = new Random(Seeds.next("ContentTest"));
        for (int count = 0; count <= 60; count++) {
            byte[] bytes = new byte[count * 10];
            random.nextBytes(bytes);
            try (FileContent content = content(bytes, 10, 3)) {
                checkReads(content, bytes, random);
            }
        }
        assertThat(chunks.openLeases()).isZero();
    }

    private static void checkReads(FileContent content, byte[] bytes, Random random)
            throws IOException {
        for (int i = 0; i < 20; i++) {
            int from = random.nextInt(bytes.length + 1);
            int length = random.nextInt(bytes.length - from + 1);
            byte[] expected = Arrays.copyOfRange(bytes, from, from + length);
            ByteBuffer buffer = ByteBuffer.allocate(length);
            assertThat(content.read(from, buffer)).isEqualTo(from == bytes.length ? -1 : length);
            assertThat(buffer.array()).isEqualTo(expected);
            try (InputStream in = content.stream(from, length)) {
                assertThat(in.readAllBytes()).isEqualTo(expected);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            content.forEachSegment(
                    from,
                    length,
                    segment -> out.writeBytes(segment.toArray(ValueLayout.JAVA_BYTE)));
            assertThat(out.toByteArray()).isEqualTo(expected);
        }
    }

    @Test
    void equalBytesHaveOneHashAndOneChunkIsItsOwnHash() {
        byte[] bytes = new byte[100];
        new Random(1).nextBytes(bytes);
        assertThat(written(bytes, 10, 3)).isEqualTo(written(bytes, 10, 3));
        assertThat(written(bytes, 100, 3))
                .isEqualTo(new Content(MemoryChunkStore.idOf(bytes), false, 100));
        assertThat(written(new byte[0], 10, 3)).isEqualTo(Content.EMPTY);
        assertThat(Content.EMPTY_HASH).isEqualTo(MemoryChunkStore.idOf(new byte[0]));
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed after its content
    void aLeaseOutlivesTheContent() {
        byte[] bytes = new byte[95];
        new Random(1).nextBytes(bytes);
        ChunkLease lease;
        try (FileContent content = content(bytes, 10, 3)) {
            lease = content.lease(42);
        }
        try (lease) {
            assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(Arrays.copyOfRange(bytes, 42, 50));
        }
        assertThat(chunks.openLeases()).isZero();
    }

    @Test
    void refusesRangesOutsideTheFile() {
        try (FileContent content = content(new byte[100], 10, 3)) {
            assertThat(content.read(100, ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(content.read(Long.MAX_VALUE, ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThatThrownBy(() -> content.read(-1, ByteBuffer.allocate(1)))
                    .hasMessageContaining("offset must be 0 or more");
            for (long[] range :
                    new long[][] {{0, 101}, {101, 0}, {-1, 1}, {1, -1}, {1, Long.MAX_VALUE}}) {
                assertThatThrownBy(() -> content.forEachSegment(range[0], range[1], _ -> {}))
                        .hasMessageContaining("is not in \"f\" of 100 bytes");
            }
            assertThatThrownBy(() -> content.lease(100)).hasMessageContaining("is not in");
        }
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed after its content
    void aStreamSkipsAndEndsWhereItShould() throws IOException {
        byte[] bytes = new byte[100];
        new Random(1).nextBytes(bytes);
        InputStream in;
        try (FileContent content = content(bytes, 10, 3)) {
            in = content.stream(5, 50);
        }
        try (in) {
            assertThat(in.skip(7)).isEqualTo(7);
            assertThat(in.read()).isEqualTo(bytes[12] & 0xFF);
            assertThat(in.available()).isEqualTo(42);
            ByteArrayOutputStream rest = new ByteArrayOutputStream();
            assertThat(in.transferTo(rest)).isEqualTo(42);
            assertThat(rest.toByteArray()).isEqualTo(Arrays.copyOfRange(bytes, 13, 55));
            assertThat(in.read()).isEqualTo(-1);
            assertThat(in.skip(1)).isZero();
        }
        assertThatThrownBy(in::read).isInstanceOf(IOException.class);
        assertThat(chunks.openLeases()).isZero();
    }

    @Test
    void aChunkOfAnotherLengthIsCorrupt() {
        Content lying = new Content(MemoryChunkStore.idOf(new byte[7]), false, 9);
        chunks.put(SPACE, MemorySegment.ofArray(new byte[7]));
        try (FileContent content =
                new FileContent(chunks, new OpenReads(), SPACE, info(9), lying)) {
            assertThatThrownBy(() -> content.read(0, ByteBuffer.allocate(9)))
                    .hasMessageContaining("must stand for 9 bytes, has 7");
        }
        assertThat(chunks.openLeases()).isZero();
    }

    private FileContent content(byte[] bytes, int chunkBytes, int maxChildren) {
        Content content = written(bytes, chunkBytes, maxChildren);
        return new FileContent(chunks, new OpenReads(), SPACE, info(bytes.length), content);
    }

    private static FileInfo info(long size) {
        return new FileInfo(VolumePath.parse("f"), false, size, "", Optional.of(Instant.EPOCH));
    }

    private Content written(byte[] bytes, int chunkBytes, int maxChildren) {
        try (ChunkRun run = chunks.beginRun(SPACE)) {
            ContentWriter writer = new ContentWriter(chunks, SPACE, run, maxChildren);
            for (int at = 0; at < bytes.length; at += chunkBytes) {
                int length = Math.min(chunkBytes, bytes.length - at);
                writer.add(MemorySegment.ofArray(bytes).asSlice(at, length));
            }
            return writer.finish();
        }
    }
}
