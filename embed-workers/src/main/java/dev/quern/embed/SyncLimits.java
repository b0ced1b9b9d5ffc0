package dev.quern.embed;

/// How a sync portions its work.
///
/// @param groupPassages passages embedded together: enough to keep batches full, few enough to show
///   progress
/// @param stateFiles the state is written after this many files
/// @param stateRows or this many rows; a crash repeats no more than these and what was being
///   embedded
record SyncLimits(int groupPassages, int stateFiles, int stateRows) {
    static final SyncLimits DEFAULT = new SyncLimits(128, 64, 1_000);
}
