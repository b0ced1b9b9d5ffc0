package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// In memory, where calls can be counted and refused.
final class MemoryTierFsckTest extends TierFsckContract {
    private final MemoryTier tier = new MemoryTier();

    @Override
    Tier tier() {
        return tier;
    }

    @Test
    void readsSeveralChunksWithEachRequest() {
        pack(0, 20);
        int before = tier.reads();
        assertThat(engine.maintenance().fsck(FAST).isClean()).isTrue();
        assertThat(tier.reads() - before).isLessThanOrEqualTo(6);
    }

    @Test
    void anOutageEndsItAndCondemnsNothing() {
        pack(0, 5);
        pack(5, 10);
        boolean done = false;
        for (int calls = 0; !done; calls++) {
            tier.failCallsAfter(calls, false);
            done = check();
            tier.down(false);
            assertThat(engine.maintenance().stats().quarantined()).isZero();
        }
        assertThat(engine.maintenance().fsck(FAST).liveChunks()).isEqualTo(10);
    }

    private boolean check() {
        try {
            assertThat(engine.maintenance().fsck(FAST).isClean()).isTrue();
            return true;
        } catch (QuernException e) {
            ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE);
            return false;
        }
    }

    @Test
    void stopsAtTheNextBatchWhenItIsCancelled() {
        pack(0, 5);
        Operation operation = new Operation(new OperationId(OperationKind.FSCK, 1), Instant.EPOCH);
        CheckedTier checked = new CheckedTier((TierChunkStore) engine.chunks());
        Fsck fsck = new Fsck(new Cancelling(checked, operation), engine.facts(), engine.roots());
        assertThatThrownBy(() -> fsck.run(0, operation))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT));
        assertThat(operation.status().phase()).isEqualTo("read packs");
        assertThat(engine.maintenance().fsck(FAST).isClean()).isTrue();
    }

    /// Cancels once all packs are read.
    private record Cancelling(CheckedTier checked, Operation operation) implements CheckedStore {
        @Override
        public KeyedChunks chunks() {
            return checked.chunks();
        }

        @Override
        public boolean has(SpaceId space, ChunkId id) {
            return checked.has(space, id);
        }

        @Override
        public void readPacks(PackCheck check) {
            checked.readPacks(check);
            operation.cancel();
        }

        @Override
        public void verify(SpaceId space, PackIndex.Entry entry) {
            checked.verify(space, entry);
        }
    }
}
