package dev.quern.volume;

import java.util.List;
import java.util.Optional;

/// A page of a listing.
///
/// @param files in path order
/// @param next pass as `after` for the next page; empty at the end
public record FilePage(List<FileInfo> files, Optional<VolumePath> next) {
    /// Copies the list.
    public FilePage {
        files = List.copyOf(files);
    }
}
