package dev.quern.function;

import java.time.Duration;

/// What a call used.
///
/// @param queue waiting for an instance, cold start not included
/// @param cold waiting for the instance's start; zero when a warm one served
/// @param run from input sent to output received
/// @param cpu CPU time of everything in the sandbox during the call where control groups are at
///   hand, else of the runner process and its ended children as it reports it
/// @param peakMemoryBytes highest resident size of the runner process so far
/// @param inputBytes encoded input
/// @param outputBytes encoded output
/// @param coldStart whether an instance was started for this call
/// @param attempt 1 or more; grows when the service was stopped or an instance could not start
/// @param instance the process that ran it
/// @param sandbox `bwrap`, `unshare` or `none`
/// @param placement why it ran where it did, for people
public record CallReceipt(
        Duration queue,
        Duration cold,
        Duration run,
        Duration cpu,
        long peakMemoryBytes,
        long inputBytes,
        long outputBytes,
        boolean coldStart,
        int attempt,
        String instance,
        String sandbox,
        String placement) {}
