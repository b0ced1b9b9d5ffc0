package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.List;

/// What a check of the whole store found.
///
/// @param packs pack files read whole; the one that is being written is read chunk by chunk
/// @param records records read, live or not
/// @param bytes of their bodies
/// @param liveChunks chunks that the index has and whose bytes are right
/// @param deadRecords records that no index entry names; compaction drops them
/// @param damaged chunks whose bytes are not right or are not there, in all
/// @param uses what needs such a chunk, in all
/// @param findings the first 1,000 of these; a chunk that nothing needs is named once
/// @param problems what could not be checked
public record FsckReport(
        int packs,
        long records,
        long bytes,
        long liveChunks,
        long deadRecords,
        long damaged,
        long uses,
        List<Finding> findings,
        List<String> problems) {
    static final int MAX_FINDINGS = 1000;

    /// Copies the lists.
    public FsckReport {
        findings = List.copyOf(findings);
        problems = List.copyOf(problems);
    }

    /// Whether everything that is needed is there, and right.
    public boolean isClean() {
        return damaged == 0 && uses == 0 && problems.isEmpty();
    }

    /// A chunk that is damaged or missing.
    ///
    /// @param problem what is wrong with it, with pack and offset
    /// @param use what needs it; empty if nothing does
    public record Finding(SpaceId space, ChunkId chunk, String problem, String use) {}
}
