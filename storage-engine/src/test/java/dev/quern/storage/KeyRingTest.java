package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class KeyRingTest {
    private static final OperatorKey OPERATOR = OperatorKey.of(Chunks.bytes(1, 32));

    private final MemoryMetaLog facts = new MemoryMetaLog(new MemoryChunkStore());
    private final Unsure unsure = new Unsure(facts);
    private final KeyRing ring = open(unsure, 1);

    @Test
    void firstKeyWhoseCommitFailedButShowsLaterIsTheKey() {
        unsure.failNext = true;
        assertThatThrownBy(() -> ring.current(SPACE))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE));

        DataKey used = ring.current(SPACE).orElseThrow();

        assertThat(used.id()).isEqualTo(1);
        assertThat(open(facts, 2).get(SPACE, used.id()).key()).isEqualTo(used.key());
        assertThat(ring.get(SPACE, 1)).isEqualTo(used);
    }

    @Test
    void newKeyWhoseCommitFailedButShowsLaterIsTheNewKey() {
        ring.current(SPACE);
        unsure.failNext = true;
        assertThatThrownBy(() -> ring.rotateDataKey(SPACE))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE));

        assertThat(ring.rotateDataKey(SPACE)).isEqualTo(2);

        DataKey used = ring.current(SPACE).orElseThrow();
        assertThat(used.id()).isEqualTo(2);
        assertThat(open(facts, 2).get(SPACE, used.id()).key()).isEqualTo(used.key());
        assertThat(ring.rotateDataKey(SPACE)).isEqualTo(3);
    }

    private static KeyRing open(MetaLog log, long seed) {
        return KeyRing.open(log, Optional.of(OPERATOR), Optional.empty(), new Random(seed));
    }

    /// A log that says of a transaction that it may or may not be there later, and it is.
    private static final class Unsure extends ForwardingMetaLog {
        private final MetaLog below;
        private boolean failNext;

        Unsure(MetaLog below) {
            this.below = below;
        }

        @Override
        protected MetaLog below() {
            return below;
        }

        @Override
        public long commit(Txn txn) {
            long index = below.commit(txn);
            if (failNext) {
                failNext = false;
                throw new QuernException(ErrorKind.UNAVAILABLE, "disk failed");
            }
            return index;
        }
    }
}
