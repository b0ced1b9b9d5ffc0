package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TieredEngineTest {
    @TempDir Path directory;
    private final MemoryTier tier = new MemoryTier();

    @Test
    void factsNameChunksInTheTier() {
        ChunkId id;
        try (StorageEngine engine = open()) {
            id = Chunks.put(engine.chunks(), Chunks.text("hello"));
            engine.chunks().sync();
            engine.facts()
                    .commit(Txn.in(SPACE).require(id).put(Key.of("greeting"), id.bytes()).build());
        }
        try (StorageEngine engine = open()) {
            byte[] named = engine.facts().find(SPACE, Key.of("greeting")).orElseThrow().value();
            assertThat(ChunkId.of(named)).isEqualTo(id);
            assertThat(engine.chunks().read(SPACE, id)).isEqualTo(Chunks.text("hello"));
        }
        assertThat(tier.names()).anyMatch(name -> name.startsWith(TierStoreFormat.PACKS));
    }

    @Test
    void chunksAreInOnePlace() {
        Path own = directory.resolve("own");
        try (StorageEngine engine = Engines.open(own)) {
            Chunks.put(engine.chunks(), Chunks.text("here"));
        }
        assertThatThrownBy(() -> use(own, true))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("in itself");
        Path tiered = directory.resolve("data");
        use(tiered, true);
        assertThatThrownBy(() -> use(tiered, false))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("in a tier");
    }

    private void use(Path at, boolean inTier) {
        try (StorageEngine engine = inTier ? open(at) : Engines.open(at)) {
            assertThat(engine.facts().appliedIndex()).isZero();
        }
    }

    @MustBeClosed
    private StorageEngine open() {
        return open(directory.resolve("data"));
    }

    @MustBeClosed
    private StorageEngine open(Path at) {
        return StorageEngine.open(
                Engines.config(at),
                new TieredChunks(
                        tier, ByteSize.ofMebibytes(2), InstantSource.fixed(TierStores.NOW)));
    }
}
