package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.fused.FusedConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecallSamplesTest {
    private static final Duration TICK = Duration.ofSeconds(3);

    @TempDir Path directory;

    private static Leg.Dense leg(String field, float... vector) {
        return new Leg.Dense(Optional.of(field), vector, false, 0);
    }

    @Test
    void comparesLiveQueriesInIdleTime() {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE)) {
            rig.create(2, Metric.L2);
            rig.upsert(Rig.row("a", 0, 0), Rig.row("b", 1, 1), Rig.row("c", 2, 2));
            assertThat(recall(rig)).isEmpty();
            rig.pass(TICK);
            assertThat(recall(rig)).isEmpty();

            rig.search(SearchSpec.dense(new float[] {0, 1}, 2));
            rig.search(
                    SearchSpec.of(List.of(new Leg.Dense(new float[2], true)), Optional.empty(), 1));
            FieldRecall first = compared(rig, 1, Instant.EPOCH);
            assertThat(first.recall()).isEqualTo(1);

            rig.search(SearchSpec.dense(new float[] {2, 1}, 2));
            FieldRecall second = compared(rig, 2, first.at());
            rig.pass(TICK);
            assertThat(recall(rig)).containsEntry("vector", second);

            rig.upsert(Rig.row("d", 3, 3));
            assertThat(compared(rig, 2, second.at().plusNanos(1)).recall()).isEqualTo(1);
        }
    }

    /// Lets time pass until so many queries are compared, the last no earlier than at a moment: the
    /// thread of a search may be busy for a moment after its answer.
    private static FieldRecall compared(Rig rig, int queries, Instant earliest) {
        for (int i = 0; i < 1_000; i++) {
            rig.pass(TICK);
            FieldRecall found = recall(rig).get("vector");
            if (found != null && found.queries() == queries && !found.at().isBefore(earliest)) {
                return found;
            }
        }
        throw new AssertionError("nothing was compared: " + recall(rig));
    }

    private static Map<String, FieldRecall> recall(Rig rig) {
        return rig.service().recall(Rig.SPACE, Rig.NAME);
    }

    @Test
    void comparesNothingWhenItIsOff() {
        SearchConfig config = SearchConfig.defaults();
        SearchConfig off = new SearchConfig(config.exactScanRows(), config.filterCache(), 0);
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE, Rig.with(Map.of("search", off)))) {
            rig.create(1, Metric.L2);
            rig.upsert(Rig.row("a", 1));
            rig.search(SearchSpec.dense(new float[] {1}, 1));
            rig.pass(TICK);
            assertThat(recall(rig)).isEmpty();
        }
    }

    @Test
    void keepsOneQueryASecondAndNoMoreThanItMay() throws Exception {
        Instant start = Instant.parse("2026-01-02T03:04:05Z");
        AtomicReference<Instant> now = new AtomicReference<>(start);
        RecallSamples samples = new RecallSamples(3, now::get);
        assertThat(samples.isPending(1)).isFalse();
        for (int i = 0; i < 20; i++) {
            now.set(start.plusMillis(i * 300L));
            samples.note(leg("vector", i), Optional.empty());
        }
        Schema schema = Rig.schema(1, Metric.L2, Map.of());
        LuceneIndex.Tuning tuning =
                new LuceneIndex.Tuning(
                        1, Runnable::run, Runnable::run, () -> false, FusedConfig.DEFAULTS);
        try (LuceneIndex index = LuceneIndex.open(directory, schema, Optional.empty(), tuning)) {
            index.apply(WriteBatch.upsert(List.of(Rig.row("a", 1), Rig.row("b", 2))), 1, schema);
            index.refresh();
            IndexSearcher searcher = index.acquire();
            try {
                assertThat(samples.compareOne(searcher, schema, Rig.MEANS, 1, () -> false))
                        .isFalse();
                for (int i = 0; i < 3; i++) {
                    assertThat(samples.compareOne(searcher, schema, Rig.MEANS, 1, () -> true))
                            .isTrue();
                }
                assertThat(samples.compareOne(searcher, schema, Rig.MEANS, 1, () -> true))
                        .isFalse();
            } finally {
                index.release(searcher);
            }
        }
        FieldRecall told = Objects.requireNonNull(samples.report().get("vector"));
        assertThat(told.queries()).isEqualTo(3);
        assertThat(told.recall()).isEqualTo(1);
        assertThat(samples.isPending(1)).isFalse();
        assertThat(samples.isPending(2)).isTrue();
    }
}
