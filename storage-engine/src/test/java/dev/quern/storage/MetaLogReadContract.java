package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.storage.FactReader.IndexedFact;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Mutation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// How every MetaLog answers reads: of ranges, by index keys, at one index; and its state hash.
abstract class MetaLogReadContract {
    static final Duration NOW = Duration.ZERO;
    static final Duration LONG = Duration.ofSeconds(30);

    /// A log that is empty at first.
    abstract MetaLog log();

    @Test
    void scansARangeInBothDirections() {
        List<Key> keys =
                List.of(
                        Key.of("a"),
                        Key.of("a", ""),
                        Key.of("a", "b"),
                        Key.of("a\u0001"),
                        Key.of("b"),
                        Key.of("b", "c"),
                        Key.of("c"));
        keys.reversed().forEach(this::put);
        log().commit(Txn.in(OTHER).put(Key.of("a", "other"), text("x")).build());

        KeyRange range = KeyRange.between(Key.of("a", ""), Key.of("b", "c"));
        assertThat(keys(range, 10)).isEqualTo(keys.subList(1, 5));
        assertThat(keys(range, 2)).isEqualTo(keys.subList(1, 3));
        assertThat(keys(range.descending(), 10)).isEqualTo(keys.subList(1, 5).reversed());
        assertThat(keys(range.descending(), 2)).isEqualTo(keys.subList(3, 5).reversed());
        assertThat(keys(KeyRange.all(), 10)).isEqualTo(keys);
        assertThat(keys(KeyRange.all().descending(), 1)).containsExactly(Key.of("c"));
        assertThat(keys(KeyRange.under(Key.of("a")), 10)).isEqualTo(keys.subList(0, 3));
        assertThat(keys(KeyRange.under(Key.of("a")).descending().before(Key.of("a", "b")), 10))
                .isEqualTo(keys.subList(0, 2).reversed());
        assertThat(keys(KeyRange.all().after(Key.of("b")), 10)).isEqualTo(keys.subList(5, 7));
        assertThat(keys(KeyRange.between(Key.of("b"), Key.of("a")), 10)).isEmpty();
        assertThat(keys(KeyRange.between(Key.of("b"), Key.of("b")), 10)).isEmpty();
        assertThatThrownBy(() -> log().scan(SPACE, range, 0))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void listsKinds() {
        assertThat(log().kinds(SPACE)).isEmpty();
        for (String kind : List.of("b", "a", "", "a\u0001", "\ud83d\ude00")) {
            put(Key.of(kind));
            put(Key.of(kind, "x"), Key.of("i"));
        }
        log().commit(Txn.in(OTHER).put(Key.of("other"), text("x")).build());
        assertThat(log().kinds(SPACE)).containsExactly("", "a", "a\u0001", "b", "\ud83d\ude00");
    }

    @Test
    void findsFactsByTheirIndexKeysInOrder() {
        List<Key> indexes =
                List.of(
                        Key.of("i"),
                        Key.of("i", ""),
                        Key.of("i", "\u0001"),
                        Key.of("i", "b"),
                        Key.of("i", "b", "c"),
                        Key.of("i", "b\u0001"),
                        Key.of("i", "c"));
        for (int i = 0; i < indexes.size(); i++) {
            put(Key.of("f", Integer.toString(9 - i)), indexes.get(i));
        }
        put(Key.of("f", "0"), Key.of("i", "b"));
        put(Key.of("g"), Key.of("i2"), Key.of("h"));
        put(Key.of("i", "x"));

        List<IndexedFact> all = byIndex(Key.of("i"), Optional.empty(), 100);
        assertThat(all.stream().map(found -> found.at().indexKey()))
                .containsExactly(
                        Key.of("i"),
                        Key.of("i", ""),
                        Key.of("i", "\u0001"),
                        Key.of("i", "b"),
                        Key.of("i", "b"),
                        Key.of("i", "b", "c"),
                        Key.of("i", "b\u0001"),
                        Key.of("i", "c"));
        assertThat(all.get(3).fact().key()).isEqualTo(Key.of("f", "0"));
        assertThat(byIndex(Key.of("i", "b"), Optional.empty(), 100)).hasSize(3);
        assertThat(byIndex(Key.of("x"), Optional.empty(), 100)).isEmpty();

        List<IndexedFact> paged = new ArrayList<>();
        List<IndexedFact> page = byIndex(Key.of("i"), Optional.empty(), 3);
        while (!page.isEmpty()) {
            paged.addAll(page);
            page = byIndex(Key.of("i"), Optional.of(page.getLast().at()), 3);
        }
        assertThat(paged).usingRecursiveComparison().isEqualTo(all);
    }

    @Test
    void indexKeysFollowOverwritesAndDeletes() {
        Key fact = Key.of("f", "1");
        put(fact, Key.of("i", "a"), Key.of("i", "b"));
        put(Key.of("f", "2"), Key.of("i", "c"));
        put(Key.of("f", "3"), Key.of("i", "d"));
        assertThat(log().find(SPACE, fact).orElseThrow().indexed())
                .containsExactly(Key.of("i", "a"), Key.of("i", "b"));

        put(fact, Key.of("i", "b"), Key.of("i", "e"));
        assertThat(indexKeys()).containsExactly("b", "c", "d", "e");
        put(fact);
        assertThat(indexKeys()).containsExactly("c", "d");
        log().commit(Txn.in(SPACE).delete(Key.of("f", "2")).build());
        assertThat(indexKeys()).containsExactly("d");
        log().commit(
                        Txn.in(SPACE)
                                .put(Key.of("f", "4"), text("x"), List.of(Key.of("i", "z")))
                                .then(new Mutation.DeleteThrough(Key.of("f"), Key.of("f")))
                                .put(Key.of("f", "5"), text("x"), List.of(Key.of("i", "y")))
                                .build());
        assertThat(indexKeys()).containsExactly("y");
        assertThat(log().scan(SPACE, KeyRange.all(), 10)).hasSize(1);
    }

    private List<String> indexKeys() {
        return byIndex(Key.of("i"), Optional.empty(), 100).stream()
                .map(found -> found.at().indexKey().last())
                .toList();
    }

    @Test
    void viewStaysAtItsIndex() {
        put(Key.of("f", "1"), Key.of("i", "1"));
        LogPosition then = log().position();
        try (FactView view = log().view(then.index(), NOW)) {
            put(Key.of("f", "2"), Key.of("i", "2"));
            log().commit(Txn.in(SPACE).delete(Key.of("f", "1")).build());
            log().commit(Txn.in(OTHER).put(Key.of("f"), text("x")).build());

            assertThat(view.position()).isEqualTo(then);
            assertThat(view.find(SPACE, Key.of("f", "1"))).isPresent();
            assertThat(view.find(SPACE, Key.of("f", "2"))).isEmpty();
            assertThat(view.scan(SPACE, KeyRange.all().descending(), 10)).hasSize(1);
            assertThat(view.scanIndex(SPACE, Key.of("i"), Optional.empty(), 10)).hasSize(1);
            assertThat(view.spaces(Optional.empty(), 10)).containsExactly(SPACE);
        }
        try (FactView view = log().view(0, NOW)) {
            assertThat(view.position()).isEqualTo(log().position());
            assertThat(view.spaces(Optional.empty(), 10)).containsExactly(SPACE, OTHER);
        }
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed on the way
    void closedViewIsUnavailable() {
        FactView view = log().view(0, NOW);
        view.close();
        view.close();

        assertThatThrownBy(() -> view.find(SPACE, Key.of("f")))
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed at the end
    void openViewsAreBounded() {
        List<FactView> views = new ArrayList<>();
        assertThatThrownBy(
                        () -> {
                            while (views.size() < 10_000) {
                                views.add(log().view(0, NOW));
                            }
                        })
                .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
        views.removeLast().close();
        log().view(0, NOW).close();
        views.forEach(FactView::close);
    }

    @Test
    void waitsForAnIndex() throws ExecutionException, InterruptedException {
        long next = log().appliedIndex() + 1;
        assertThatThrownBy(() -> log().awaitApplied(next, Duration.ofMillis(5)))
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                .hasMessageContaining(Long.toString(next));
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<LogPosition> waiting =
                    pool.submit(() -> {
                        try (FactView view = log().view(next, LONG)) {
                            return view.position();
                        }
                    });
            assertThat(put(Key.of("f"))).isEqualTo(next);
            assertThat(waiting.get().index()).isEqualTo(next);
        }
        log().awaitApplied(next, NOW);
    }

    @Test
    void closingEndsWaiting() throws InterruptedException {
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> waiting = pool.submit(() -> log().awaitApplied(1_000_000, LONG));
            log().close();
            assertThatThrownBy(waiting::get)
                    .cause()
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
        }
    }

    @Test
    void hashDependsOnTheFactsAlone() {
        assertThat(log().position()).isEqualTo(LogPosition.START);
        put(Key.of("a"), Key.of("i"));
        StateHash one = log().position().hash();
        put(Key.of("b"));
        StateHash two = log().position().hash();
        assertThat(List.of(one, two)).doesNotContain(StateHash.EMPTY).doesNotHaveDuplicates();

        log().commit(Txn.in(SPACE).build());
        assertThat(log().position().hash()).isEqualTo(two);
        log().commit(Txn.in(SPACE).delete(Key.of("b")).delete(Key.of("c")).build());
        assertThat(log().position().hash()).isEqualTo(one);
        log().commit(
                        Txn.in(SPACE)
                                .put(Key.of("b"), text("x"))
                                .then(new Mutation.DeleteThrough(Key.of("b"), Key.of("b")))
                                .build());
        assertThat(log().position().hash()).isEqualTo(one);
        put(Key.of("a"), Key.of("i"));
        assertThat(log().position().hash()).isNotEqualTo(one); // its version is another
        log().commit(Txn.in(SPACE).delete(Key.of("a")).build());
        assertThat(log().position().hash()).isEqualTo(StateHash.EMPTY);
    }

    long put(Key key, Key... indexed) {
        return log().commit(Txn.in(SPACE).put(key, text(key.toString()), List.of(indexed)).build());
    }

    private List<Key> keys(KeyRange range, int limit) {
        return log().scan(SPACE, range, limit).stream().map(Fact::key).toList();
    }

    private List<IndexedFact> byIndex(Key prefix, Optional<IndexPosition> after, int limit) {
        return log().scanIndex(SPACE, prefix, after, limit);
    }
}
