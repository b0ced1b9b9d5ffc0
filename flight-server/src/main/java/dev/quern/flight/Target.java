package dev.quern.flight;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.volume.VolumePath;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.FlightDescriptor;

/// What a descriptor names: `["volume", VOLUME, PATH]` (at the head of `main`), `["volume", VOLUME,
/// COMMIT, PATH]`, `["collection", COLLECTION]` or `["collection", COLLECTION, "columns"]`.
sealed interface Target {
    /// First component of a file's descriptor.
    String VOLUME = "volume";

    /// First component of a collection's descriptor.
    String COLLECTION = "collection";

    /// A file.
    ///
    /// @param at the commit; empty for the head
    record File(String volume, Optional<String> at, VolumePath path) implements Target {}

    /// Third component of a collection's descriptor.
    String COLUMNS = "columns";

    /// A collection.
    ///
    /// @param columns whether each attribute is a column of its own
    record Rows(String collection, boolean columns) implements Target {}

    /// Reads a descriptor.
    ///
    /// @throws QuernException `INVALID` if it is a command or none of the four forms
    static Target of(FlightDescriptor descriptor) {
        if (descriptor.isCommand()) {
            throw QuernException.invalid("descriptor must be a path, got a command; " + expected());
        }
        List<String> path = descriptor.getPath();
        if (path.size() == 2 && path.getFirst().equals(COLLECTION)) {
            return new Rows(path.get(1), false);
        }
        if (path.size() == 3
                && path.getFirst().equals(COLLECTION)
                && path.getLast().equals(COLUMNS)) {
            return new Rows(path.get(1), true);
        }
        if (path.size() == 3 && path.getFirst().equals(VOLUME)) {
            return new File(path.get(1), Optional.empty(), VolumePath.parse(path.get(2)));
        }
        if (path.size() == 4 && path.getFirst().equals(VOLUME)) {
            return new File(path.get(1), Optional.of(path.get(2)), VolumePath.parse(path.get(3)));
        }
        throw QuernException.invalid(
                expected() + ", got \"" + Names.abbreviate(path.toString()) + "\"");
    }

    private static String expected() {
        return "descriptor path must be [volume, VOLUME, PATH], [volume, VOLUME, COMMIT, PATH],"
                + " [collection, COLLECTION] or [collection, COLLECTION, columns]";
    }
}
