package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A row that a search found.
///
/// @param row with the fields that were asked for
/// @param score higher is better; see [SearchSpec]; comparable within one answer only
/// @param legs when asked to explain, for each leg the row's place in its ranking, if it has one
public record Hit(Row row, double score, List<Optional<Place>> legs) {
    /// Copies the list.
    public Hit {
        legs = List.copyOf(legs);
    }

    /// A place in the ranking of a leg.
    ///
    /// @param rank from 1
    /// @param score the leg's own
    public record Place(int rank, double score) {}
}
