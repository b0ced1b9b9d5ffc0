package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.MergePlanner.Segment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MergePlannerTest {
    private static final int ROW_BYTES = 5_000;
    private static final long MAX_ROWS = 2_000_000;
    private static final Duration SHORT = Duration.ofSeconds(2);
    private static final Duration LONG = Duration.ofDays(1);

    private final MergePlanner planner = new MergePlanner(5_000, MAX_ROWS);

    private static Segment flushed(String name, long rows) {
        return new Segment(name, rows, 0, rows * ROW_BYTES, false);
    }

    private static Segment merged(String name, long rows) {
        return new Segment(name, rows, 0, rows * ROW_BYTES, true);
    }

    private List<String> plan(Duration idle, Segment... segments) {
        return planner.plan(List.of(segments), idle).stream().map(Segment::name).toList();
    }

    @Test
    void aBulkLoadBecomesOneSegment() {
        assertThat(plan(SHORT, flushed("a", 16_000), flushed("b", 16_000), flushed("c", 8_000)))
                .containsExactly("c", "a", "b");
    }

    @Test
    void whatIsWellStays() {
        assertThat(plan(LONG)).isEmpty();
        assertThat(plan(LONG, merged("a", 100_000))).isEmpty();
        assertThat(plan(LONG, flushed("a", 4_999))).isEmpty();
    }

    @Test
    void aLargeFlushedSegmentGetsItsGraph() {
        assertThat(plan(SHORT, flushed("a", 5_000))).containsExactly("a");
        assertThat(plan(SHORT, flushed("few", 100), flushed("a", 5_000), merged("b", 500_000)))
                .containsExactly("few", "a");
    }

    @Test
    void aSmallWriteRewritesALargeSegmentOnlyAfterLongIdleness() {
        Segment[] segments = {merged("large", 1_000_000), flushed("small", 500)};
        assertThat(plan(SHORT, segments)).isEmpty();
        assertThat(plan(Duration.ofSeconds(1_000), segments)).isEmpty();
        assertThat(plan(Duration.ofSeconds(1_300), segments)).containsExactly("small", "large");
        assertThat(plan(SHORT, merged("large", 1_000), flushed("small", 50)))
                .containsExactly("small", "large");
    }

    @Test
    void whatIsNewIsMergedWithUpToTenTimesAsMuch() {
        assertThat(plan(SHORT, merged("large", 1_000_000), merged("new", 100_000)))
                .containsExactly("new", "large");
        assertThat(plan(SHORT, merged("large", 1_000_000), merged("new", 99_999))).isEmpty();
    }

    @Test
    void deletedRowsAreGivenBack() {
        Segment fifth = new Segment("a", 80_000, 20_000, 1L << 30, true);
        Segment less = new Segment("a", 80_001, 19_999, 1L << 30, true);
        assertThat(plan(SHORT, fifth)).containsExactly("a");
        assertThat(plan(LONG, less)).isEmpty();
    }

    @Test
    void noMergeOutgrowsTheLargestGraph() {
        assertThat(plan(LONG, merged("a", MAX_ROWS), merged("b", 10_000))).isEmpty();
        assertThat(plan(LONG, merged("a", MAX_ROWS), merged("b", 10_000), flushed("c", 10)))
                .containsExactly("c", "b");
    }

    @Test
    void whatABulkLoadWritesWaitsUpToABound() {
        List<Segment> three =
                List.of(flushed("a", 16_000), flushed("b", 16_000), flushed("c", 5_000));
        assertThat(planner.waits(three, three)).isTrue();
        // 53,687 rows of 5,000 bytes are 256 MiB.
        List<Segment> most = new ArrayList<>(three);
        most.add(merged("graph", 1_000_000));
        most.add(flushed("few", 4_999));
        most.add(flushed("d", 16_687));
        assertThat(planner.waits(three, most)).isTrue();
        most.set(5, flushed("d", 16_688));
        assertThat(planner.waits(three, most)).isFalse();
    }

    @Test
    void onlyWhatABulkLoadWritesWaits() {
        List<Segment> small = List.of(flushed("a", 4_999), flushed("b", 16_000));
        assertThat(planner.waits(small, small)).isFalse();
        List<Segment> again = List.of(merged("a", 16_000), flushed("b", 16_000));
        assertThat(planner.waits(again, again)).isFalse();
    }

    /// Rows that come in bursts of any size cost few rewrites each, and end in few segments.
    @Test
    void burstsAreMergedAtABoundedCost() {
        Seed.run(random -> {
            List<Segment> segments = new ArrayList<>();
            long written = 0;
            long rewritten = 0;
            for (int burst = 0; burst < 2_000; burst++) {
                long rows = 1L + random.nextInt(random.nextInt(100) == 0 ? 50_000 : 1_000);
                written += rows;
                segments.add(flushed("s" + burst, rows));
                for (int round = 0; ; round++) {
                    List<Segment> chosen = planner.plan(segments, SHORT);
                    if (chosen.isEmpty()) {
                        break;
                    }
                    segments.removeAll(chosen);
                    long together = chosen.stream().mapToLong(Segment::rows).sum();
                    rewritten += together;
                    segments.add(merged("m" + burst + "-" + round, together));
                }
                assertThat(segments).hasSizeLessThan(12);
            }
            assertThat(rewritten).isLessThan(60 * written);
            for (int round = 0; !planner.plan(segments, LONG).isEmpty(); round++) {
                List<Segment> chosen = planner.plan(segments, LONG);
                segments.removeAll(chosen);
                long together = chosen.stream().mapToLong(Segment::rows).sum();
                segments.add(merged("z" + round, together));
            }
            assertThat(segments).hasSizeLessThanOrEqualTo(3);
        });
    }
}
