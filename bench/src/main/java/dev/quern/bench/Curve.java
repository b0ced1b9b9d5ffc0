package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Recall against speed, over widths of search.
///
/// @param points at least one
record Curve(List<Point> points) {
    /// One width.
    ///
    /// @param recall share of the truly nearest that were found
    /// @param qps searches a second
    record Point(double recall, double qps) {}

    Curve {
        points = points.stream().sorted(Comparator.comparingDouble(Point::recall)).toList();
    }

    /// What a peer printed.
    static Curve of(JsonNode printed) {
        return ofPoints(printed.path("points"));
    }

    /// The points of one curve.
    static Curve ofPoints(JsonNode list) {
        List<Point> points = new ArrayList<>();
        for (JsonNode point : list) {
            points.add(new Point(point.path("recall").asDouble(), point.path("qps").asDouble()));
        }
        return new Curve(points);
    }

    /// Searches a second at a recall, between the two widths about it by the logarithm; where every
    /// width finds more, that of the one that finds least; where none finds so much, 0.
    double qps(double recall) {
        Point below = null;
        for (Point point : points) {
            if (point.recall >= recall) {
                return below == null ? point.qps : between(below, point, recall);
            }
            below = point;
        }
        return 0;
    }

    private static double between(Point below, Point above, double recall) {
        double share = (recall - below.recall) / (above.recall - below.recall);
        return Math.exp(Math.log(below.qps) * (1 - share) + Math.log(above.qps) * share);
    }
}
