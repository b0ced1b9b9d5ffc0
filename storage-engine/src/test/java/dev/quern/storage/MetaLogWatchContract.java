package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Mutation;
import dev.quern.storage.Watch.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// How changes are followed on every MetaLog.
abstract class MetaLogWatchContract extends MetaLogReadContract {
    private static final Key W = Key.of("w");

    @Test
    void watchSeesAllChangesUnderThePrefixInOrder() {
        try (Watch watch = log().watch(SPACE, W, 1)) {
            assertThat(watch.poll(NOW, 10)).isEmpty();
            long first =
                    log().commit(
                                    Txn.in(SPACE)
                                            .put(W, text("1"), List.of(Key.of("i")))
                                            .put(Key.of("v"), text("beside"))
                                            .then(new Mutation.Append(W, text("2")))
                                            .delete(W.child("absent"))
                                            .delete(Key.of("w2"))
                                            .build());
            log().commit(Txn.in(OTHER).put(W, text("other")).build());
            long last = log().commit(Txn.in(SPACE).delete(W).build());

            Key appended = W.child(Key.number(first)).child(Key.number(2));
            assertThat(watch.poll(NOW, 10))
                    .usingRecursiveComparison()
                    .isEqualTo(
                            List.of(
                                    new Event.Put(
                                            new Fact(W, first, text("1"), List.of(Key.of("i")))),
                                    new Event.Put(new Fact(appended, first, text("2"))),
                                    new Event.Delete(first, W.child("absent")),
                                    new Event.Delete(last, W)));
            assertThat(watch.nextIndex()).isEqualTo(last + 1);
            assertThat(watch.poll(NOW, 10)).isEmpty();
        }
    }

    @Test
    void watchSeesRemovedRangesThatMeetThePrefix() {
        Key deep = Key.of("w", "m");
        try (Watch watch = log().watch(SPACE, deep, 1)) {
            List<Mutation.DeleteThrough> meeting =
                    List.of(
                            new Mutation.DeleteThrough(deep, deep),
                            new Mutation.DeleteThrough(deep, deep.child("x")),
                            new Mutation.DeleteThrough(deep.child("a"), deep.child("a")),
                            new Mutation.DeleteThrough(W, W),
                            new Mutation.DeleteThrough(W, deep),
                            new Mutation.DeleteThrough(W, Key.of("w", "n")),
                            new Mutation.DeleteThrough(W, deep.child("b")));
            List<Mutation.DeleteThrough> apart =
                    List.of(
                            new Mutation.DeleteThrough(W, Key.of("w", "l")),
                            new Mutation.DeleteThrough(Key.of("v"), Key.of("v")),
                            new Mutation.DeleteThrough(Key.of("w", "m2"), Key.of("w", "m2")));
            Txn.Builder txn = Txn.in(SPACE);
            apart.forEach(txn::then);
            meeting.forEach(txn::then);
            long index = log().commit(txn.build());

            assertThat(watch.poll(NOW, 1))
                    .isEqualTo(
                            meeting.stream()
                                    .map(gone ->
                                            new Event.DeleteThrough(
                                                    index, gone.prefix(), gone.through()))
                                    .toList());
        }
    }

    @Test
    void watchGoesOnWhereAnotherStopped() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            put(W.child(Key.number(i)));
            put(Key.of("beside"));
            expected.add(Key.number(i));
        }
        List<String> seen = new ArrayList<>();
        long next = 1;
        while (next <= log().appliedIndex()) {
            try (Watch watch = log().watch(SPACE, W, next)) {
                List<Event> events = watch.poll(NOW, 7);
                assertThat(events).hasSizeLessThanOrEqualTo(7);
                events.forEach(event -> seen.add(((Event.Put) event).fact().key().last()));
                next = watch.nextIndex();
            }
        }
        assertThat(seen).isEqualTo(expected);
    }

    @Test
    void watchWaitsForTheFuture() throws ExecutionException, InterruptedException {
        long from = put(W) + 2;
        try (Watch watch = log().watch(SPACE, W, from);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(watch.poll(Duration.ofMillis(5), 10)).isEmpty();
            Future<List<Event>> polled = pool.submit(() -> watch.poll(LONG, 10));
            put(W);
            put(Key.of("beside"));
            long index = put(W);
            assertThat(polled.get()).singleElement().extracting(Event::index).isEqualTo(index);
        }
    }

    @Test
    void watchBesideWritersMissesNothing() throws ExecutionException, InterruptedException {
        int writers = 4;
        int each = 100;
        try (Watch watch = log().watch(SPACE, W, 1);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                Key own = W.child(Integer.toString(writer));
                running.add(
                        pool.submit(() -> {
                            for (int i = 0; i < each; i++) {
                                put(own.child(Key.number(i)));
                            }
                        }));
            }
            List<Event> seen = new ArrayList<>();
            while (seen.size() < writers * each) {
                List<Event> some = watch.poll(LONG, 33);
                assertThat(some).isNotEmpty();
                seen.addAll(some);
            }
            for (Future<?> writer : running) {
                writer.get();
            }
            assertThat(seen).hasSize(writers * each);
            assertThat(seen.stream().map(Event::index).toList()).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void watchOfWhatIsNoLongerRetainedNamesTheFirstIndexThatIs() {
        try (Watch slow = log().watch(SPACE, W, 1)) {
            for (int i = 0; i < 60; i++) {
                log().commit(Txn.in(SPACE).put(W, new byte[60 << 10]).build());
            }
            String message = "no longer retained, the first is ";
            assertThatThrownBy(() -> slow.poll(NOW, 1))
                    .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND))
                    .hasMessageContaining(message);
            assertThat(refusedWatch()).hasMessageContaining(message);
            assertThat(fromTheFirst()).hasSize(1);
        }
    }

    /// A log may be trimmed beside its commits, so that the first index moves on once more.
    private List<Event> fromTheFirst() {
        for (int tries = 1; ; tries++) {
            String text = String.valueOf(refusedWatch().getMessage());
            long first = Long.parseLong(text.substring(text.lastIndexOf(' ') + 1));
            try (Watch watch = log().watch(SPACE, W, first)) {
                return watch.poll(NOW, 1);
            } catch (QuernException e) {
                if (tries == 1_000) {
                    throw e;
                }
            }
        }
    }

    private QuernException refusedWatch() {
        try (Watch watch = log().watch(SPACE, W, 1)) {
            throw new AssertionError("retained to " + watch.nextIndex());
        } catch (QuernException e) {
            assertKind(e, ErrorKind.NOT_FOUND);
            return e;
        }
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed at the end
    void openWatchesAreBounded() {
        List<Watch> watches = new ArrayList<>();
        assertThatThrownBy(
                        () -> {
                            while (watches.size() < 10_000) {
                                watches.add(log().watch(SPACE, W, 1));
                            }
                        })
                .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
        watches.removeLast().close();
        log().watch(SPACE, W, 1).close();
        watches.forEach(Watch::close);
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed on the way
    void refusesWrongUseOfWatches() {
        assertThatThrownBy(() -> log().watch(SPACE, W, 0))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
        Watch watch = log().watch(SPACE, W, 1);
        for (int max : new int[] {0, Watch.MAX_EVENTS + 1}) {
            assertThatThrownBy(() -> watch.poll(NOW, max))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID));
        }
        watch.close();
        watch.close();
        assertThatThrownBy(() -> watch.poll(NOW, 1))
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
    }
}
