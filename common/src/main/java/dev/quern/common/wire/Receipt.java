package dev.quern.common.wire;

/// What a call used.
///
/// @param queueMs waiting for a process
/// @param coldMs starting a process; 0 when a warm one served
/// @param runMs in the function
/// @param cpuMs CPU time of the process during the call
/// @param peakMemoryBytes highest resident size of the process so far
/// @param inputBytes encoded input
/// @param outputBytes encoded output
/// @param coldStart whether a process was started for this call
/// @param attempt 1 or more
/// @param instance process that ran it
/// @param sandbox `bwrap`, `unshare` or `none`
/// @param placement why it ran where it did
public record Receipt(
        double queueMs,
        double coldMs,
        double runMs,
        double cpuMs,
        long peakMemoryBytes,
        long inputBytes,
        long outputBytes,
        boolean coldStart,
        int attempt,
        String instance,
        String sandbox,
        String placement) {}
