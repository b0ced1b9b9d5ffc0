package dev.quern.storage;

import java.util.List;

/// What a repair did.
///
/// @param repaired chunks that are right again
/// @param lost chunks that could not be had, in all
/// @param losses the first 1,000 things that need one of them: exactly what is lost
/// @param problems what could not be checked or fetched
public record RepairReport(
        long repaired, long lost, List<FsckReport.Finding> losses, List<String> problems) {
    /// Copies the lists.
    public RepairReport {
        losses = List.copyOf(losses);
        problems = List.copyOf(problems);
    }
}
