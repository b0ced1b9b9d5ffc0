package dev.quern.function;

import java.time.Duration;

/// Splits the time of a call.
///
/// @param call which
/// @param instance that ran it
/// @param first whether it is the instance's first call
/// @param startNanos when the instance took it
record Receipts(LiveCall call, Instance instance, boolean first, long startNanos) {
    /// The receipt; what the call waited while its instance started counts as cold.
    CallReceipt make(
            Duration run,
            Duration cpu,
            long peakBytes,
            long inputBytes,
            long outputBytes,
            String sandbox) {
        Duration waited = call.waited(startNanos);
        long coldNanos = 0;
        if (first) {
            long from = Math.max(call.submittedNanos(), instance.createdNanos());
            coldNanos = Math.max(0, instance.readyNanos() - from);
        }
        Duration cold = Duration.ofNanos(Math.min(coldNanos, waited.toNanos()));
        return new CallReceipt(
                waited.minus(cold),
                cold,
                run,
                cpu,
                peakBytes,
                inputBytes,
                outputBytes,
                first && coldNanos > 0,
                call.attempt(),
                instance.id().toString(),
                sandbox,
                coldNanos > 0 ? "this node, new instance" : "this node, warm instance");
    }
}
