package dev.quern.flight;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionRef;
import dev.quern.volume.VolumePath;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.FlightDescriptor;

/// What a descriptor names: `["volume", VOLUME, PATH]` (at the head of `main`), `["volume", VOLUME,
/// COMMIT, PATH]` or `["collection", COLLECTION]`; after that `"columns"`, and `"at", SNAPSHOT`,
/// where they are meant.
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

    /// Before the snapshot.
    String AT = "at";

    /// A collection.
    ///
    /// @param rows its name, and the snapshot if one is named
    /// @param columns whether each attribute is a column of its own
    record Rows(CollectionRef rows, boolean columns) implements Target {}

    /// Reads a descriptor.
    ///
    /// @throws QuernException `INVALID` if it is a command or none of these forms
    static Target of(FlightDescriptor descriptor) {
        if (descriptor.isCommand()) {
            throw QuernException.invalid("descriptor must be a path, got a command; " + expected());
        }
        List<String> path = descriptor.getPath();
        if (path.size() > 1 && path.getFirst().equals(COLLECTION)) {
            return rows(path);
        }
        if (path.size() == 3 && path.getFirst().equals(VOLUME)) {
            return new File(path.get(1), Optional.empty(), VolumePath.parse(path.get(2)));
        }
        if (path.size() == 4 && path.getFirst().equals(VOLUME)) {
            return new File(path.get(1), Optional.of(path.get(2)), VolumePath.parse(path.get(3)));
        }
        throw unexpected(path);
    }

    private static Rows rows(List<String> path) {
        boolean columns = path.size() > 2 && path.get(2).equals(COLUMNS);
        List<String> rest = path.subList(columns ? 3 : 2, path.size());
        if (rest.isEmpty()) {
            return new Rows(CollectionRef.of(path.get(1)), columns);
        }
        if (rest.size() == 2 && rest.getFirst().equals(AT)) {
            return new Rows(CollectionRef.at(path.get(1), rest.getLast()), columns);
        }
        throw unexpected(path);
    }

    private static QuernException unexpected(List<String> path) {
        return QuernException.invalid(
                expected() + ", got \"" + Names.abbreviate(path.toString()) + "\"");
    }

    private static String expected() {
        return "descriptor path must be [volume, VOLUME, PATH], [volume, VOLUME, COMMIT, PATH],"
                + " [collection, COLLECTION] and after that [columns], [at, SNAPSHOT] or [columns,"
                + " at, SNAPSHOT]";
    }
}
