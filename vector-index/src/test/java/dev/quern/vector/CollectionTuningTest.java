package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.FieldTuning.Outcome;
import dev.quern.vector.SearchOutcome.Width;
import dev.quern.vector.SearchOutcome.WidthSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CollectionTuningTest {
    private static final int ROWS = 6_000;
    private static final Width DEFAULT = new Width(240, WidthSource.DEFAULT);
    private static final TuneSpec SPEC = TuneSpec.defaults();

    @TempDir Path directory;

    private static TuneSpec upTo(int width, boolean keep) {
        return new TuneSpec(Optional.empty(), 0.95, 10, 50, width, SPEC.timeout(), keep);
    }

    @Test
    void findsTheNarrowestWidthAndSearchesTakeIt() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, 10, Metric.COSINE)) {
                data.fill(ROWS);
                assertThat(data.width()).isEqualTo(DEFAULT);
                FieldTuning told = data.tune(upTo(2_000, false));
                assertThat(told.kept()).isFalse();
                assertThat(data.width()).isEqualTo(DEFAULT);

                FieldTuning found = data.tune(SPEC);
                assertThat(found.outcome()).isEqualTo(Outcome.REACHED);
                assertThat(found.kept()).isTrue();
                assertThat(found.rows()).isEqualTo(ROWS);
                assertThat(found.live() + found.stored()).isEqualTo(200);
                assertThat(found.live()).isPositive();
                int width = found.chosen().orElseThrow().width();
                assertThat(width).isBetween(10, 100);
                assertThat(found.steps())
                        .extracting(FieldTuning.Step::width)
                        .isSorted()
                        .contains(width, 120);
                assertThat(found.steps())
                        .allSatisfy(step -> assertThat(step.recall() >= step.atLeast()).isTrue());

                assertThat(data.width()).isEqualTo(new Width(width, WidthSource.TUNED));
                assertThat(data.recall(100)).isGreaterThan(0.93);
                Leg.Dense asked = new Leg.Dense(Optional.empty(), data.vector(), false, 99);
                assertThat(data.width(new SearchSpec(List.of(asked), plain())))
                        .isEqualTo(new Width(99, WidthSource.REQUEST));
                // It was measured without a filter.
                assertThat(data.width(SearchSpec.dense(data.vector(), 10).where(half())))
                        .isEqualTo(DEFAULT);
                assertThat(data.width(SearchSpec.dense(data.vector(), 200)).width()).isEqualTo(300);
            }
        });
    }

    private static SearchOptions plain() {
        return SearchOptions.first(10);
    }

    private static Filter half() {
        return new Filter.Range(
                "n", Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(ROWS / 2L));
    }

    @Test
    void whatIsKeptLastsAndTravelsWithTheSchema() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, 10, Metric.L2)) {
                data.fill(ROWS);
                TunedWidth width = data.tune(SPEC).chosen().orElseThrow();
                data.rig().restart();
                assertThat(data.width()).isEqualTo(new Width(width.width(), WidthSource.TUNED));
                assertThat(widths(data, Rig.NAME)).containsExactly(Map.entry("vector", width));

                CollectionVersions versions = data.rig().service().versions();
                versions.snapshot(Rig.SPACE, Rig.NAME, "s");
                data.tuning().set(Rig.SPACE, Rig.NAME, Optional.empty(), 333);
                versions.branch(Rig.SPACE, CollectionRef.of(Rig.NAME), "now");
                versions.branch(Rig.SPACE, new CollectionRef(Rig.NAME, Optional.of("s")), "before");
                TunedWidth byHand = TunedWidth.byHand(333);
                assertThat(widths(data, "now")).containsEntry("vector", byHand);
                assertThat(widths(data, "before")).containsEntry("vector", width);
                assertThat(
                                data.tuning()
                                        .widths(
                                                Rig.SPACE,
                                                new CollectionRef(Rig.NAME, Optional.of("s"))))
                        .containsEntry("vector", width);

                data.rig().service().names().rename(Rig.SPACE, "now", "other");
                assertThat(widths(data, "other")).containsEntry("vector", byHand);
                versions.rollback(Rig.SPACE, Rig.NAME, "s");
                assertThat(widths(data, Rig.NAME)).containsEntry("vector", width);
                assertThat(data.width().source()).isEqualTo(WidthSource.TUNED);

                data.tuning().clear(Rig.SPACE, Rig.NAME, Optional.empty());
                data.rig().restart();
                assertThat(widths(data, Rig.NAME)).isEmpty();
                assertThat(data.width()).isEqualTo(DEFAULT);
            }
        });
    }

    private static NavigableMap<String, TunedWidth> widths(TuneRig data, String name) {
        return data.tuning().widths(Rig.SPACE, CollectionRef.of(name));
    }

    @Test
    void saysWhenTheTargetIsOutOfReach() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, TuneRig.DIMS, Metric.COSINE)) {
                data.fill(ROWS);
                FieldTuning found = data.tune(upTo(70, true));
                assertThat(found.outcome()).isEqualTo(Outcome.UNREACHED);
                assertThat(found.chosen().orElseThrow().width()).isEqualTo(70);
                assertThat(found.steps().getLast().recall()).isBetween(0.3, 0.94);
                assertThat(data.width()).isEqualTo(new Width(70, WidthSource.TUNED));
            }
        });
    }

    @Test
    void thereIsNothingToTuneWhereAllIsCompared() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, 10, Metric.DOT)) {
                for (int rows : List.of(0, 3, 500)) {
                    if (rows > 0) {
                        data.write(0, rows);
                    }
                    FieldTuning found = data.tune(SPEC);
                    assertThat(found.outcome()).isEqualTo(Outcome.EXACT);
                    assertThat(found.chosen()).isEmpty();
                    assertThat(found.kept()).isFalse();
                    assertThat(found.rows()).isEqualTo(rows);
                }
                assertThat(widths(data, Rig.NAME)).isEmpty();
            }
        });
    }

    @Test
    void keepsItsTimeAndEndsWhenItIsCancelled() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, 10, Metric.COSINE);
                    ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
                data.fill(ROWS);
                TuneSpec hasty =
                        new TuneSpec(
                                Optional.empty(),
                                1,
                                10,
                                1_000,
                                60_000,
                                Duration.ofMillis(10),
                                true);
                assertThat(data.tune(hasty).outcome()).isEqualTo(Outcome.OUT_OF_TIME);
                assertThat(widths(data, Rig.NAME)).isEmpty();

                assertThat(data.tuning().cancel(Rig.SPACE, Rig.NAME)).isFalse();
                TuneSpec longer =
                        new TuneSpec(
                                Optional.empty(),
                                1,
                                10,
                                1_000,
                                60_000,
                                Duration.ofMinutes(5),
                                true);
                CompletableFuture<FieldTuning> one =
                        CompletableFuture.supplyAsync(() -> data.tune(longer), others);
                CompletableFuture<FieldTuning> other =
                        CompletableFuture.supplyAsync(() -> data.tune(longer), others);
                conflict(CompletableFuture.anyOf(one, other));
                data.write(0, 20);
                assertThat(data.recall(2)).isPositive();
                assertThat(data.tuning().cancel(Rig.SPACE, Rig.NAME)).isTrue();
                CompletableFuture<FieldTuning> admitted =
                        one.isCompletedExceptionally() ? other : one;
                assertThat(admitted.join().outcome()).isEqualTo(Outcome.CANCELLED);
                assertThat(widths(data, Rig.NAME)).isEmpty();
            }
        });
    }

    private static void conflict(CompletableFuture<?> refused) {
        Rig.assertKind(ErrorKind.CONFLICT, "is being tuned already", () -> join(refused));
    }

    private static void join(CompletableFuture<?> tuning) {
        try {
            var _ = tuning.join();
        } catch (CompletionException e) {
            throw (QuernException) Objects.requireNonNull(e.getCause());
        }
    }

    @Test
    void aDroppedCollectionGetsNoWidth() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, 10, Metric.COSINE);
                    ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
                data.fill(ROWS);
                CompletableFuture<FieldTuning> tuning =
                        CompletableFuture.supplyAsync(() -> data.tune(SPEC), others);
                data.rig().service().delete(Rig.SPACE, Rig.NAME);
                Rig.assertKind(ErrorKind.NOT_FOUND, "does not exist", () -> join(tuning));
            }
        });
    }

    @Test
    void refusesWhatCannotBe() {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            rig.create(2, Metric.L2);
            CollectionTuning tuning = rig.service().tuning();
            invalid("target must be above 0", () -> spec(0, 10, 2_000));
            invalid("target must be above 0", () -> spec(1.01, 10, 2_000));
            invalid("target must be above 0", () -> spec(Double.NaN, 10, 2_000));
            invalid("k must be 1 to 1000", () -> spec(0.9, 0, 2_000));
            invalid("k must be 1 to 1000", () -> spec(0.9, 1_001, 2_000));
            invalid("max_width must be 10 to 65536", () -> spec(0.9, 10, 9));
            invalid("max_width must be 10 to 65536", () -> spec(0.9, 10, 65_537));
            TuneSpec other =
                    new TuneSpec(Optional.of("image"), 0.9, 10, 10, 20, SPEC.timeout(), true);
            invalid(
                    "no vector field \"image\", it has vector",
                    () -> tuning.tune(Rig.SPACE, Rig.NAME, other));
            invalid(
                    "width must be 1 to 65536",
                    () -> tuning.set(Rig.SPACE, Rig.NAME, Optional.empty(), 0));
            invalid(
                    "no vector field \"text\"",
                    () -> tuning.set(Rig.SPACE, Rig.NAME, Optional.of("text"), 10));
            invalid(
                    "no vector field \"text\"",
                    () -> tuning.clear(Rig.SPACE, Rig.NAME, Optional.of("text")));
            Rig.assertKind(
                    ErrorKind.NOT_FOUND,
                    "does not exist",
                    () -> tuning.tune(Rig.SPACE, "none", SPEC));
            CollectionSchema words =
                    new CollectionSchema(
                            new TreeMap<>(),
                            new TreeMap<>(Map.of("text", TextField.english())),
                            new TreeMap<>(),
                            false);
            rig.service().create(Rig.SPACE, new CollectionSpec("words", words), false);
            invalid("no vector field to tune", () -> tuning.tune(Rig.SPACE, "words", SPEC));
            invalid(
                    "no vector field to tune",
                    () -> tuning.set(Rig.SPACE, "words", Optional.empty(), 10));
        }
    }

    private static void spec(double target, int k, int maxWidth) {
        var _ = new TuneSpec(Optional.empty(), target, k, 200, maxWidth, SPEC.timeout(), true);
    }

    private static void invalid(String message, Runnable action) {
        Rig.assertKind(ErrorKind.INVALID, message, action);
    }
}
