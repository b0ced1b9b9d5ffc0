package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EncryptionTest {
    private static final OperatorKey KEY = OperatorKey.of(Chunks.bytes(1, 32));
    private static final OperatorKey NEXT = OperatorKey.of(Chunks.bytes(2, 32));
    private static final byte[] SECRET = Chunks.text("the quick brown fox. ".repeat(20));
    private static final byte[] NOISE = Chunks.bytes(9, 5000);
    private static final SpaceId SYSTEM = new SpaceId("quern.system");
    private static final Key KEYS = Key.of("storage-key");

    @TempDir Path directory;

    @Test
    void nothingOfAChunkIsInTheFiles() throws IOException {
        ChunkId secret;
        ChunkId noise;
        try (StorageEngine engine = open(KEY)) {
            secret = Chunks.put(engine.chunks(), SECRET);
            noise = Chunks.put(engine.chunks(), NOISE);
            assertThat(engine.chunks().read(SPACE, secret)).isEqualTo(SECRET);
        }
        String raw = allFiles();
        assertThat(raw).doesNotContain("quick");
        assertThat(raw).doesNotContain(latin(NOISE).substring(0, 100));
        try (StorageEngine engine = open(KEY)) {
            assertThat(engine.chunks().read(SPACE, secret)).isEqualTo(SECRET);
            assertThat(engine.chunks().read(SPACE, noise)).isEqualTo(NOISE);
            assertThat(put(engine, SECRET)).isFalse();
        }
    }

    @Test
    void eachSpaceHasItsOwnKey() {
        try (StorageEngine engine = open(KEY)) {
            Chunks.put(engine.chunks(), SECRET);
            engine.chunks().put(OTHER, MemorySegment.ofArray(SECRET));
            Chunks.put(engine.chunks(), NOISE);

            assertThat(keys(engine))
                    .extracting(fact -> fact.key().components().get(1))
                    .containsExactly("default", "other");
        }
    }

    @Test
    void withoutTheKeyTheStoreDoesNotOpen() {
        try (StorageEngine engine = open(KEY)) {
            Chunks.put(engine.chunks(), SECRET);
        }
        assertThatThrownBy(() -> openAndClose(Engines.config(directory)))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("space default is encrypted");
        assertThatThrownBy(() -> openAndClose(config(NEXT)))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("data key 1 of space default")
                .hasMessageContaining(KEY.fingerprint())
                .hasMessageContaining(NEXT.fingerprint());
        openAndClose(config(KEY));
    }

    /// As when the facts were lost: the chunk must not be taken for corrupt.
    @Test
    void chunkWhoseDataKeyIsGoneIsUnavailable() {
        ChunkId id;
        try (StorageEngine engine = open(KEY)) {
            id = Chunks.put(engine.chunks(), SECRET);
            engine.chunks().sync();
            Key key = keys(engine).getFirst().key();
            engine.facts().commit(Txn.in(SYSTEM).delete(key).build());
        }
        try (StorageEngine engine = Engines.open(directory)) {
            assertThatThrownBy(() -> engine.chunks().read(SPACE, id))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("data key 1 of space default");
            assertThat(put(engine, SECRET)).isFalse();
        }
    }

    @Test
    void plainChunksStayReadableAndNewOnesAreEncrypted() {
        ChunkId plain;
        try (StorageEngine engine = Engines.open(directory)) {
            plain = Chunks.put(engine.chunks(), SECRET);
        }
        try (StorageEngine engine = open(KEY)) {
            assertThat(engine.chunks().read(SPACE, plain)).isEqualTo(SECRET);
            assertThat(put(engine, SECRET)).isFalse();
            assertThat(keys(engine)).isEmpty();
            Chunks.put(engine.chunks(), NOISE);
            assertThat(keys(engine)).hasSize(1);
        }
    }

    @Test
    void newDataKeyIsForNewChunksOnly() {
        ChunkId before;
        ChunkId after;
        try (StorageEngine engine = open(KEY)) {
            before = Chunks.put(engine.chunks(), SECRET);
            assertThat(engine.rotateDataKey(SPACE)).isEqualTo(2);
            assertThat(engine.rotateDataKey(OTHER)).isEqualTo(1);
            after = Chunks.put(engine.chunks(), NOISE);
        }
        try (StorageEngine engine = open(KEY)) {
            assertThat(engine.chunks().read(SPACE, before)).isEqualTo(SECRET);
            assertThat(engine.chunks().read(SPACE, after)).isEqualTo(NOISE);
            assertThat(keys(engine)).hasSize(3);
        }
    }

    @Test
    void newOperatorKeyReplacesTheOldOne() {
        ChunkId id;
        try (StorageEngine engine = open(KEY)) {
            id = Chunks.put(engine.chunks(), SECRET);
            engine.rotateOperatorKey(KEY, NEXT);
            engine.chunks().put(OTHER, MemorySegment.ofArray(SECRET));
        }
        assertThatThrownBy(() -> openAndClose(config(KEY)))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
        try (StorageEngine engine = open(NEXT)) {
            assertThat(engine.chunks().read(SPACE, id)).isEqualTo(SECRET);
            assertThat(engine.chunks().read(OTHER, id)).isEqualTo(SECRET);
        }
    }

    /// Of two keys one is wrapped anew when the rotation breaks off.
    @Test
    void rotationThatBrokeOffIsEndedByOpeningWithBothKeys() {
        ChunkId id;
        try (StorageEngine engine = open(KEY)) {
            id = Chunks.put(engine.chunks(), SECRET);
            engine.rotateDataKey(SPACE);
            Fact first = keys(engine).getFirst();
            byte[] key = WrappedKeyFormat.unwrap(KEY, SPACE, 1, first.value());
            byte[] wrapped = WrappedKeyFormat.wrap(NEXT, SPACE, 1, key, new Random(1));
            engine.facts().commit(Txn.in(SYSTEM).put(first.key(), wrapped).build());
        }
        for (OperatorKey alone : List.of(KEY, NEXT)) {
            assertThatThrownBy(() -> openAndClose(config(alone)))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID));
        }
        openAndClose(Engines.config(directory).withOperatorKey(NEXT, Optional.of(KEY)));
        try (StorageEngine engine = open(NEXT)) {
            assertThat(engine.chunks().read(SPACE, id)).isEqualTo(SECRET);
        }
    }

    @Test
    void withoutAnOperatorKeyNothingCanBeRotated() {
        try (StorageEngine engine = Engines.open(directory)) {
            assertThatThrownBy(() -> engine.rotateDataKey(SPACE))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID));
            assertThatThrownBy(() -> engine.rotateOperatorKey(KEY, NEXT))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID));
        }
    }

    @Test
    void bigFilesAreEncryptedToo() throws IOException {
        byte[] file = Chunks.bytes(3, 2_000_000);
        try (StorageEngine engine = open(KEY)) {
            try (ChunkRun run = engine.chunks().beginRun(SPACE)) {
                run.put(MemorySegment.ofArray(file).asSlice(0, 1_500_000));
                run.put(MemorySegment.ofArray(file).asSlice(1_500_000));
                run.finish();
            }
        }
        assertThat(allFiles()).doesNotContain(latin(file).substring(0, 100));
    }

    private StorageConfig config(OperatorKey key) {
        return Engines.config(directory).withOperatorKey(key, Optional.empty());
    }

    @MustBeClosed
    private StorageEngine open(OperatorKey key) {
        return StorageEngine.open(config(key));
    }

    private static void openAndClose(StorageConfig config) {
        try (StorageEngine engine = StorageEngine.open(config)) {
            engine.chunks().sync();
        }
    }

    private static boolean put(StorageEngine engine, byte[] bytes) {
        return engine.chunks().put(SPACE, MemorySegment.ofArray(bytes)).stored();
    }

    private static List<Fact> keys(StorageEngine engine) {
        return engine.facts().scan(SYSTEM, KEYS, Optional.empty(), 100);
    }

    private String allFiles() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(latin(Files.readAllBytes(file)));
            }
        }
        return all.toString();
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
