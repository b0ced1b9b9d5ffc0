package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.SearchOutcome.Width;
import dev.quern.vector.SearchOutcome.WidthSource;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class LegWidthTest {
    private static Optional<TunedWidth> tuned(int width) {
        return Optional.of(
                new TunedWidth(
                        width,
                        Optional.of(
                                new TunedWidth.Measured(
                                        0.95, 10, 0.96, 200, 1_000, Instant.EPOCH))));
    }

    private static Width width(int asked, Optional<TunedWidth> tuned, long rows, int depth) {
        return new LegWidth(asked, tuned, rows, 384).of(depth, false);
    }

    @Test
    void theRequestWinsThenWhatWasTunedThenTheDefault() {
        assertThat(width(0, Optional.empty(), 1_000, 10)).isEqualTo(byDefault(120));
        assertThat(width(0, Optional.empty(), 1_000, 100)).isEqualTo(byDefault(150));
        assertThat(width(0, tuned(300), 1_000, 10)).isEqualTo(tunedTo(300));
        assertThat(width(50, tuned(300), 1_000, 10)).isEqualTo(new Width(50, WidthSource.REQUEST));
        assertThat(width(5, tuned(300), 1_000, 10)).isEqualTo(new Width(10, WidthSource.REQUEST));
    }

    @Test
    void fewDimensionsTakeWiderWalksUnlessTheWidthIsSaid() {
        LegWidth coarse = new LegWidth(0, Optional.empty(), 1_000, 255);
        assertThat(coarse.of(10, false)).isEqualTo(byDefault(240));
        assertThat(coarse.of(100, true)).isEqualTo(byDefault(300));
        assertThat(new LegWidth(0, Optional.empty(), 1_000, 256).of(10, true))
                .isEqualTo(byDefault(120));
        assertThat(new LegWidth(0, tuned(40), 1_000, 96).of(10, false)).isEqualTo(tunedTo(40));
        assertThat(new LegWidth(50, tuned(40), 1_000, 96).of(10, true))
                .isEqualTo(new Width(50, WidthSource.REQUEST));
    }

    @Test
    void moreHitsTakeWiderWalks() {
        assertThat(width(0, tuned(300), 1_000, 100)).isEqualTo(tunedTo(375));
        assertThat(width(0, tuned(40), 1_000, 10)).isEqualTo(tunedTo(40));
        assertThat(width(0, tuned(40), 1_000, 20)).isEqualTo(tunedTo(40));
        assertThat(width(0, tuned(40), 1_000, 100)).isEqualTo(tunedTo(150));
        assertThat(width(0, tuned(TunedWidth.MAX), 1_000, 1_000)).isEqualTo(tunedTo(1 << 16));
        assertThat(width(0, Optional.of(TunedWidth.byHand(5)), 1_000, 8)).isEqualTo(tunedTo(8));
    }

    @Test
    void aNarrowWidthDoesNotOutliveTheRowsItWasMeasuredOn() {
        assertThat(width(0, tuned(40), 2_000, 10)).isEqualTo(tunedTo(40));
        assertThat(width(0, tuned(40), 2_001, 10)).isEqualTo(byDefault(120));
        assertThat(width(0, tuned(300), 1_000_000, 10)).isEqualTo(tunedTo(300));
        assertThat(width(0, Optional.of(TunedWidth.byHand(40)), 1_000_000, 10))
                .isEqualTo(tunedTo(40));
    }

    @Test
    void underAFilterOnlyWiderOnesCount() {
        assertThat(new LegWidth(0, tuned(40), 1_000, 384).of(10, true)).isEqualTo(byDefault(120));
        assertThat(new LegWidth(0, tuned(300), 1_000, 384).of(10, true)).isEqualTo(tunedTo(300));
        assertThat(new LegWidth(40, tuned(300), 1_000, 384).of(10, true))
                .isEqualTo(new Width(40, WidthSource.REQUEST));
    }

    @Test
    void codesNeedTheirCandidates() {
        LegWidth narrow = new LegWidth(0, tuned(40), 1_000, 384);
        assertThat(narrow.of(10, VectorKeeping.BIT)).isEqualTo(byDefault(400));
        LegWidth wide = new LegWidth(0, tuned(600), 1_000, 384);
        assertThat(wide.of(10, VectorKeeping.BIT)).isEqualTo(tunedTo(600));
        LegWidth asked = new LegWidth(900, tuned(600), 1_000, 384);
        assertThat(asked.of(10, VectorKeeping.INT8)).isEqualTo(new Width(900, WidthSource.REQUEST));
    }

    private static Width byDefault(int width) {
        return new Width(width, WidthSource.DEFAULT);
    }

    private static Width tunedTo(int width) {
        return new Width(width, WidthSource.TUNED);
    }
}
