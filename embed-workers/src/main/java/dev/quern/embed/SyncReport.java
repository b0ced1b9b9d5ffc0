package dev.quern.embed;

import java.util.List;

/// What a finished sync did.
///
/// @param totals its last progress
/// @param skipped the first 100 files and lines left out, `path: reason` or `path:line: reason`
public record SyncReport(SyncProgress totals, List<String> skipped) {
    /// Copies the list.
    public SyncReport {
        skipped = List.copyOf(skipped);
    }
}
