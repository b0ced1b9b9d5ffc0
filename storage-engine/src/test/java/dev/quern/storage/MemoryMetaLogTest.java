package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import org.junit.jupiter.api.Test;

final class MemoryMetaLogTest extends MetaLogContract {
    private final MemoryChunkStore chunks = new MemoryChunkStore();
    private final MemoryMetaLog log = new MemoryMetaLog(chunks);

    @Override
    MetaLog log() {
        return log;
    }

    @Override
    ChunkStore chunks() {
        return chunks;
    }

    @Test
    void failsOnceOnDemand() {
        log.failNextCommit(QuernException.exhausted("full", 10));

        assertThatThrownBy(() -> log.commit(put(A, "x"))).hasMessage("full");
        assertThat(log.find(SPACE, A)).isEmpty();
        log.commit(put(A, "x"));
    }
}
