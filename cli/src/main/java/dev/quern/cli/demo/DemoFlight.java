package dev.quern.cli.demo;

import dev.quern.client.flight.QuernFlight;
import dev.quern.client.flight.RowCursor;
import dev.quern.client.flight.VectorRow;
import dev.quern.common.wire.CollectionBody;
import java.net.URI;
import java.util.Objects;

/// Reads every vector back by Arrow Flight.
final class DemoFlight {
    private static final double NORM_TOLERANCE = 1e-3;

    private final Narrator narrator;

    DemoFlight(Narrator narrator) {
        this.narrator = narrator;
    }

    void readBack(URI url, String token, CollectionBody collection) {
        long rows = 0;
        double worst = 0;
        try (QuernFlight flight = QuernFlight.open(url, token);
                RowCursor cursor = flight.rows(collection.name())) {
            while (cursor.hasNext()) {
                VectorRow row = cursor.next();
                rows++;
                worst = Math.max(worst, Math.abs(norm(row.vector()) - 1));
            }
        }
        StepFailed.unless(
                rows == collection.rows(),
                "Flight gave " + rows + " of " + collection.rows() + " rows");
        StepFailed.unless(worst < NORM_TOLERANCE, "a vector's norm is off by " + worst);
        narrator.done(
                "read %d vectors of %d dimensions back by Arrow Flight; every norm within %.0e of 1",
                rows, Objects.requireNonNull(collection.dims()), NORM_TOLERANCE);
    }

    private static double norm(float[] vector) {
        double sum = 0;
        for (float value : vector) {
            sum += (double) value * value;
        }
        return Math.sqrt(sum);
    }
}
