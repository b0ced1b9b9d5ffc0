package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.fused.FilterPlanner.Way;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FilterPlannerTest {
    private static final int WANTED = 120;

    private static FilterPlanner of(int count, int dims) {
        return new FilterPlanner(count, BlockLayout.of(dims));
    }

    @Test
    void walksWhereManyMatchAndLooksAtAllWhereFewDo() {
        FilterPlanner planner = of(100_000, 384);
        assertThat(planner.plan(100_000, WANTED, false)).isEqualTo(Way.WALK);
        assertThat(planner.plan(50_000, WANTED, true)).isEqualTo(Way.WALK);
        assertThat(planner.plan(5_000, WANTED, true)).isEqualTo(Way.CODES);
        assertThat(planner.plan(500, WANTED, true)).isEqualTo(Way.CODES);
        assertThat(planner.plan(50, WANTED, true)).isEqualTo(Way.COMPARE);
        assertThat(planner.plan(0, WANTED, true)).isEqualTo(Way.COMPARE);
    }

    @Test
    void comparesVectorsWhereThereAreNoCodes() {
        FilterPlanner planner = of(100_000, 384);
        assertThat(planner.plan(5_000, WANTED, false)).isEqualTo(Way.COMPARE);
        assertThat(planner.withoutWalk(50_000, WANTED, false)).isEqualTo(Way.COMPARE);
        assertThat(planner.withoutWalk(50_000, WANTED, true)).isEqualTo(Way.CODES);
    }

    /// The larger the segment, the smaller the share from which a walk pays.
    @Test
    void walksUnderSmallerSharesOfMore() {
        assertThat(of(100_000, 384).plan(15_000, WANTED, true)).isEqualTo(Way.CODES);
        assertThat(of(10_000_000, 384).plan(1_500_000, WANTED, true)).isEqualTo(Way.WALK);
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 64, 384, 4_096, 16_384})
    void changesItsMindOnceOnTheWayFromNoneToAll(int dims) {
        for (int count : new int[] {5_000, 100_000, 3_000_000}) {
            FilterPlanner planner = of(count, dims);
            Way before = Way.COMPARE;
            for (int i = 0; i <= 1_000; i++) {
                Way way = planner.plan((int) ((long) count * i / 1_000), WANTED, true);
                assertThat(way).isGreaterThanOrEqualTo(before);
                before = way;
            }
        }
    }

    @Test
    void neverWalksWiderThanItMay() {
        assertThat(of(50_000_000, 384).plan(50_000, 1_500, true)).isEqualTo(Way.CODES);
        assertThat(of(50_000_000, 384).poolWidth(50_000, 1_500))
                .isGreaterThan(FilterPlanner.MAX_WIDTH);
    }
}
