package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class FactMemoTest {
    @Test
    void keepsValuesUntilSomethingIsCommitted() {
        try (MetaLog log = new MemoryMetaLog(new MemoryChunkStore())) {
            AtomicInteger made = new AtomicInteger();
            FactMemo<Key, Integer> memo = new FactMemo<>(log);
            Key key = Key.of("a");
            assertThat(memo.get(key, _ -> made.incrementAndGet())).isEqualTo(1);
            assertThat(memo.get(key, _ -> made.incrementAndGet())).isEqualTo(1);
            log.commit(Txn.in(SPACE).put(Key.of("b"), new byte[1]).build());
            assertThat(memo.get(key, _ -> made.incrementAndGet())).isEqualTo(2);
            assertThat(memo.get(key, _ -> made.incrementAndGet())).isEqualTo(2);
        }
    }

    @Test
    void keepsNoFailures() {
        try (MetaLog log = new MemoryMetaLog(new MemoryChunkStore())) {
            FactMemo<String, Integer> memo = new FactMemo<>(log);
            assertThatThrownBy(() ->
                            memo.get(
                                    "a",
                                    key -> {
                                        throw QuernException.notFound(key);
                                    }))
                    .hasMessageContaining("a");
            assertThat(memo.get("a", _ -> 3)).isEqualTo(3);
        }
    }

    @Test
    void forgetsBeyondItsBound() {
        try (MetaLog log = new MemoryMetaLog(new MemoryChunkStore())) {
            AtomicInteger made = new AtomicInteger();
            FactMemo<Integer, Integer> memo = new FactMemo<>(log);
            for (int i = 0; i < 5_000; i++) {
                assertThat(memo.get(i, key -> made.incrementAndGet() + key)).isEqualTo(2 * i + 1);
            }
            int before = made.get();
            memo.get(0, _ -> made.incrementAndGet());
            assertThat(made).hasValue(before + 1);
        }
    }
}
