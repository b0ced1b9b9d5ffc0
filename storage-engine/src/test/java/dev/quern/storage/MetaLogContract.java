package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// What every MetaLog does.
abstract class MetaLogContract extends MetaLogWatchContract {
    static final Key A = Key.of("a");
    static final Key B = Key.of("b");

    /// Where the log looks chunks up.
    abstract ChunkStore chunks();

    @Test
    void findsWhatWasPut() {
        long index = log().commit(put(A, "one"));

        assertThat(log().appliedIndex()).isEqualTo(index);
        Fact fact = log().find(SPACE, A).orElseThrow();
        assertThat(fact.key()).isEqualTo(A);
        assertThat(fact.version()).isEqualTo(index);
        assertThat(fact.value()).isEqualTo(text("one"));
        assertThat(log().find(SPACE, B)).isEmpty();
    }

    @Test
    void keepsEmptyValues() {
        log().commit(put(A, ""));

        assertThat(log().find(SPACE, A).orElseThrow().value()).isEmpty();
    }

    @Test
    void keepsSpacesApart() {
        log().commit(put(A, "one"));
        log().commit(Txn.in(OTHER).put(A, text("two")).build());
        log().commit(Txn.in(new SpaceId("other2")).put(A, text("three")).build());
        log().commit(Txn.in(SPACE).delete(A).build());

        assertThat(log().find(SPACE, A)).isEmpty();
        assertThat(values(log().scan(OTHER, A, Optional.empty(), 10))).containsExactly("two");
        assertThatThrownBy(() -> log().commit(Txn.in(SPACE).when(new Condition.Exists(A)).build()))
                .satisfies(e -> assertKind(e, ErrorKind.CONFLICT));
    }

    @Test
    void conflictNamesTheKeyAndAppliesNothing() {
        long first = log().commit(put(A, "one"));
        List<Condition> failing =
                List.of(
                        new Condition.Absent(A),
                        new Condition.Exists(B),
                        new Condition.Version(A, first + 1),
                        new Condition.Version(B, 0));
        for (Condition condition : failing) {
            Txn txn = Txn.in(SPACE).when(condition).put(B, text("never")).delete(A).build();
            assertThatThrownBy(() -> log().commit(txn))
                    .satisfies(e -> assertKind(e, ErrorKind.CONFLICT))
                    .hasMessageContaining("fact " + condition.key());
        }
        assertThat(log().find(SPACE, B)).isEmpty();
        assertThat(log().find(SPACE, A).orElseThrow().version()).isEqualTo(first);
        assertThat(log().appliedIndex()).isEqualTo(first);
    }

    @Test
    void conditionsHoldOnTheStateBefore() {
        long first =
                log().commit(Txn.in(SPACE).when(new Condition.Absent(A)).put(A, text("1")).build());
        long second =
                log().commit(
                                Txn.in(SPACE)
                                        .when(new Condition.Version(A, first))
                                        .when(new Condition.Exists(A))
                                        .when(new Condition.Absent(B))
                                        .put(A, text("2"))
                                        .put(B, text("2"))
                                        .build());

        assertThat(second).isGreaterThan(first);
        assertThat(log().find(SPACE, A).orElseThrow().version()).isEqualTo(second);
    }

    @Test
    void mutationsApplyInOrder() {
        log().commit(
                        Txn.in(SPACE)
                                .put(A, text("x"))
                                .delete(A)
                                .put(B, text("first"))
                                .put(B, text("last"))
                                .build());

        assertThat(log().find(SPACE, A)).isEmpty();
        assertThat(values(log().scan(SPACE, B, Optional.empty(), 10))).containsExactly("last");
    }

    @Test
    void appendsSortInTheOrderOfTheLog() {
        Key tail = Key.of("tail");
        List<String> expected = new ArrayList<>();
        Txn.Builder both = Txn.in(SPACE);
        for (int i = 0; i < 12; i++) {
            both.then(new Mutation.Append(tail, text("batch-" + i)));
            expected.add("batch-" + i);
        }
        long first = log().commit(both.build());
        for (int i = 0; i < 20; i++) {
            log().commit(
                            Txn.in(SPACE)
                                    .then(new Mutation.Append(tail, text("single-" + i)))
                                    .build());
            expected.add("single-" + i);
        }

        List<Fact> facts = log().scan(SPACE, tail, Optional.empty(), 1000);
        assertThat(values(facts)).isEqualTo(expected);
        assertThat(facts.get(11).key())
                .isEqualTo(tail.child(Key.number(first)).child(Key.number(11)));
    }

    @Test
    void deletesThroughAKey() {
        Key tail = Key.of("tail");
        fill(tail, 10);
        log().commit(put(Key.of("tail2"), "beside"));
        log().commit(put(Key.of("tai"), "before"));
        log().commit(
                        Txn.in(SPACE)
                                .then(new Mutation.DeleteThrough(tail, at(tail, 6)))
                                .put(at(tail, 3), text("again"))
                                .build());

        assertThat(values(log().scan(SPACE, tail, Optional.empty(), 100)))
                .containsExactly("again", "7", "8", "9");

        log().commit(
                        Txn.in(SPACE)
                                .put(tail.child("zz"), text("new"))
                                .then(new Mutation.DeleteThrough(tail, tail))
                                .build());
        assertThat(log().scan(SPACE, tail, Optional.empty(), 100)).isEmpty();
        assertThat(log().find(SPACE, Key.of("tail2"))).isPresent();
        assertThat(log().find(SPACE, Key.of("tai"))).isPresent();
    }

    @Test
    void deleteThroughSparesWhatLiesUnderTheLastKey() {
        Key tail = Key.of("tail");
        fill(tail, 3);
        log().commit(put(at(tail, 1).child("under"), "under"));
        log().commit(put(at(tail, 1).child(""), "empty component"));
        log().commit(Txn.in(SPACE).then(new Mutation.DeleteThrough(tail, at(tail, 1))).build());

        assertThat(values(log().scan(SPACE, tail, Optional.empty(), 100)))
                .containsExactly("empty component", "under", "2");
    }

    @Test
    void scansByWholeComponentsInOrder() {
        List<Key> keys =
                List.of(
                        Key.of("s"),
                        Key.of("s", ""),
                        Key.of("s", "\u0001"),
                        Key.of("s", "a"),
                        Key.of("s", "a", "b"),
                        Key.of("s", "a\u0001"),
                        Key.of("s", "b"),
                        Key.of("s", "\u00e9"),
                        Key.of("s", "\uffee"),
                        Key.of("s", "\ud83d\ude00"));
        keys.reversed().forEach(key -> log().commit(put(key, key.toString())));
        log().commit(put(Key.of("s2"), "no"));
        log().commit(put(Key.of("r", "s"), "no"));

        List<Fact> all = log().scan(SPACE, Key.of("s"), Optional.empty(), 100);
        assertThat(all.stream().map(Fact::key)).containsExactlyElementsOf(keys);
        assertThat(log().scan(SPACE, Key.of("s", "a"), Optional.empty(), 100)).hasSize(2);
    }

    @Test
    void scansInPages() {
        Key prefix = Key.of("p");
        fill(prefix, 25);
        List<String> seen = new ArrayList<>();
        Optional<Key> after = Optional.empty();
        List<Fact> page = log().scan(SPACE, prefix, after, 10);
        while (!page.isEmpty()) {
            seen.addAll(values(page));
            after = Optional.of(page.getLast().key());
            page = log().scan(SPACE, prefix, after, 10);
        }

        assertThat(seen).hasSize(25).doesNotHaveDuplicates();
        assertThat(log().scan(SPACE, prefix, Optional.of(Key.of("a")), 3)).hasSize(3);
        assertThat(log().scan(SPACE, prefix, Optional.of(Key.of("q")), 3)).isEmpty();
        for (int limit : new int[] {0, -1, 10_001}) {
            assertThatThrownBy(() -> log().scan(SPACE, prefix, Optional.empty(), limit))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining("got " + limit);
        }
    }

    @Test
    void listsKindsOfFacts() {
        assertThat(log().kinds(SPACE)).isEmpty();
        for (String kind : List.of("b", "a", "a-", "", "ab", "\u00e9")) {
            for (int i = 0; i < 3; i++) {
                log().commit(Txn.in(SPACE).put(Key.of(kind, "x" + i), text("x")).build());
            }
            log().commit(Txn.in(SPACE).put(Key.of(kind), text("x")).build());
        }
        log().commit(Txn.in(new SpaceId("default-")).put(Key.of("c"), text("x")).build());

        assertThat(log().kinds(SPACE)).containsExactly("", "a", "a-", "ab", "b", "\u00e9");
    }

    @Test
    void listsSpacesThatHaveFacts() {
        assertThat(log().spaces(Optional.empty(), 10)).isEmpty();
        List<SpaceId> spaces =
                List.of("0", "a", "a-", "a.b", "a0", "b").stream().map(SpaceId::new).toList();
        for (SpaceId space : spaces.reversed()) {
            for (int i = 0; i < 3; i++) {
                log().commit(Txn.in(space).put(at(A, i), text("x")).build());
            }
        }
        SpaceId gone = new SpaceId("a1");
        log().commit(Txn.in(gone).put(A, text("x")).build());
        log().commit(Txn.in(gone).delete(A).build());

        assertThat(log().spaces(Optional.empty(), 10)).isEqualTo(spaces);
        assertThat(log().spaces(Optional.of(spaces.get(1)), 3)).isEqualTo(spaces.subList(2, 5));
        assertThat(log().spaces(Optional.of(new SpaceId("b")), 3)).isEmpty();
        assertThatThrownBy(() -> log().spaces(Optional.empty(), 0))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void refusesTransactionsOverTheBound() {
        assertThatThrownBy(() ->
                        log().commit(Txn.in(SPACE).put(A, new byte[MetaLog.MAX_TXN_BYTES]).build()))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("65536");
        log().commit(Txn.in(SPACE).put(A, new byte[MetaLog.MAX_TXN_BYTES - 200]).build());
    }

    @Test
    void requiresDurableChunks() {
        ChunkId id = MemoryChunkStore.idOf(text("bytes"));
        Txn txn = Txn.in(SPACE).require(id).put(A, text("ref")).build();

        assertThatThrownBy(() -> log().commit(txn))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining(id.hex())
                .hasMessageContaining("does not have");
        Chunks.put(chunks(), text("bytes"));
        assertThatThrownBy(() -> log().commit(txn))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("not synced");
        chunks().sync();
        log().commit(txn);
        assertThatThrownBy(() -> log().commit(Txn.in(OTHER).require(id).build()))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void oneOfManyWinsARace() throws ExecutionException, InterruptedException {
        int threads = 16;
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> tries = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                String value = "writer-" + i;
                tries.add(() -> commits(value));
            }
            int won = 0;
            for (Future<Boolean> result : pool.invokeAll(tries)) {
                won += result.get() ? 1 : 0;
            }
            assertThat(won).isEqualTo(1);
        }
    }

    private boolean commits(String value) {
        try {
            log().commit(Txn.in(SPACE).when(new Condition.Absent(A)).put(A, text(value)).build());
            assertThat(values(log().scan(SPACE, A, Optional.empty(), 1))).containsExactly(value);
            return true;
        } catch (QuernException e) {
            assertKind(e, ErrorKind.CONFLICT);
            return false;
        }
    }

    @Test
    void concurrentWritersEachGetTheirOwnIndexAndReadTheirWrites()
            throws ExecutionException, InterruptedException {
        int threads = 8;
        int each = 25;
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Set<Long>>> writers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int writer = i;
                writers.add(() -> {
                    Set<Long> indexes = new HashSet<>();
                    for (int n = 0; n < each; n++) {
                        Key key = Key.of("w", writer + "-" + n);
                        indexes.add(log().commit(put(key, key.last())));
                        assertThat(log().find(SPACE, key)).isPresent();
                    }
                    return indexes;
                });
            }
            Set<Long> all = new HashSet<>();
            for (Future<Set<Long>> indexes : pool.invokeAll(writers)) {
                all.addAll(indexes.get());
            }
            assertThat(all).hasSize(threads * each);
            assertThat(log().scan(SPACE, Key.of("w"), Optional.empty(), 1000))
                    .hasSize(threads * each);
        }
    }

    @Test
    void refusesUseAfterClose() {
        log().close();

        assertThatThrownBy(() -> log().commit(put(A, "late"))).isInstanceOf(QuernException.class);
        assertThatThrownBy(() -> log().find(SPACE, A)).isInstanceOf(QuernException.class);
    }

    private void fill(Key prefix, int count) {
        for (int i = 0; i < count; i++) {
            log().commit(put(at(prefix, i), Integer.toString(i)));
        }
    }

    private static Key at(Key prefix, int number) {
        return prefix.child(Key.number(number));
    }

    static Txn put(Key key, String value) {
        return Txn.in(SPACE).put(key, text(value)).build();
    }

    static List<String> values(List<Fact> facts) {
        return facts.stream()
                .map(fact -> new String(fact.value(), StandardCharsets.UTF_8))
                .toList();
    }
}
