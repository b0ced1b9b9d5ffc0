package dev.quern.http;

import dev.quern.common.wire.FieldTuningBody;
import dev.quern.common.wire.TuneCollection;
import dev.quern.common.wire.TuneStep;
import dev.quern.common.wire.TunedWidthBody;
import dev.quern.vector.FieldTuning;
import dev.quern.vector.TuneSpec;
import dev.quern.vector.TunedWidth;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// Tuning as the wire has it.
final class TuneWire {
    private TuneWire() {}

    static TuneSpec spec(TuneCollection body) {
        TuneSpec usual = TuneSpec.defaults();
        int k = Objects.requireNonNullElse(body.k(), usual.k());
        return new TuneSpec(
                Optional.ofNullable(body.field()),
                Objects.requireNonNullElse(body.target(), usual.target()),
                k,
                Objects.requireNonNullElse(body.queries(), usual.queries()),
                Objects.requireNonNullElse(body.maxWidth(), Math.max(k, usual.maxWidth())),
                Duration.ofMillis(
                        Objects.requireNonNullElse(body.timeoutMs(), usual.timeout().toMillis())),
                !Boolean.FALSE.equals(body.keep()));
    }

    static Map<String, FieldTuningBody> fields(Map<String, FieldTuning> found, TuneSpec spec) {
        Map<String, FieldTuningBody> fields = new TreeMap<>();
        found.forEach((name, tuning) -> fields.put(name, field(tuning, spec)));
        return fields;
    }

    private static FieldTuningBody field(FieldTuning tuning, TuneSpec spec) {
        return new FieldTuningBody(
                tuning.outcome().name().toLowerCase(Locale.ROOT),
                message(tuning, spec),
                tuning.chosen().map(TunedWidth::width).orElse(null),
                tuning.kept(),
                tuning.steps().stream()
                        .map(step ->
                                new TuneStep(
                                        step.width(),
                                        step.recall(),
                                        step.atLeast(),
                                        step.medianMicros(),
                                        step.visited() < 0 ? null : step.visited()))
                        .toList(),
                tuning.rows(),
                tuning.live(),
                tuning.stored());
    }

    private static String message(FieldTuning tuning, TuneSpec spec) {
        int width = tuning.chosen().map(TunedWidth::width).orElse(0);
        String target = "recall@" + spec.k() + " of " + spec.target();
        return switch (tuning.outcome()) {
            case REACHED -> "width " + width + " reaches a " + target;
            case UNREACHED ->
                    "no width up to "
                            + width
                            + " reaches a "
                            + target
                            + " for certain: ask for more with max_width, or for less";
            case EXACT -> "searches compare every row and find all: there is nothing to tune";
            case OUT_OF_TIME ->
                    "the time was over before a width was found: give more with timeout_ms, or"
                            + " fewer queries";
            case CANCELLED -> "cancelled";
        };
    }

    static Map<String, TunedWidthBody> widths(Map<String, TunedWidth> widths) {
        Map<String, TunedWidthBody> bodies = new TreeMap<>();
        widths.forEach((name, width) -> bodies.put(name, width(width)));
        return bodies;
    }

    static TunedWidthBody width(TunedWidth tuned) {
        return tuned.measured()
                .map(measured ->
                        new TunedWidthBody(
                                tuned.width(),
                                measured.target(),
                                measured.k(),
                                measured.recall(),
                                measured.queries(),
                                measured.rows(),
                                measured.at().toString()))
                .orElseGet(() ->
                        new TunedWidthBody(tuned.width(), null, null, null, null, null, null));
    }
}
