package dev.quern.client.flight;

import dev.quern.common.QuernException;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.FlightDescriptor;

/// A file in a volume.
///
/// @param volume the volume's name
/// @param commit 64 hex digits; empty for the head of `main`
/// @param path from the volume's root, parts separated by `/`
public record FileRef(String volume, Optional<String> commit, String path) {

    /// The file at the head of `main`.
    public static FileRef of(String volume, String path) {
        return new FileRef(volume, Optional.empty(), path);
    }

    FlightDescriptor descriptor() {
        return commit.map(id -> FlightDescriptor.path("volume", volume, id, path))
                .orElseGet(() -> FlightDescriptor.path("volume", volume, path));
    }

    /// The descriptor to write to.
    ///
    /// @throws QuernException `INVALID` if this names a commit: those never change
    FlightDescriptor headDescriptor() {
        if (commit.isPresent()) {
            throw QuernException.invalid(
                    "a commit cannot be written to: " + List.of(volume, commit.get(), path));
        }
        return descriptor();
    }
}
