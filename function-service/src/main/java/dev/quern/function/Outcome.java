package dev.quern.function;

import java.util.Optional;

/// How an instance ended a call.
///
/// @param status a finished one
/// @param output when succeeded
/// @param failure else
/// @param logs what was printed
/// @param receipt when an instance ran it
/// @param lost whether the instance was gone before it took the input: the call may be run again
record Outcome(
        CallStatus status,
        Optional<Payload> output,
        Optional<CallFailure> failure,
        String logs,
        Optional<CallReceipt> receipt,
        boolean lost) {
    /// A failure that no instance is behind.
    static Outcome failed(CallFailure failure) {
        CallStatus status =
                failure.reason() == FailureReason.CANCELLED
                        ? CallStatus.CANCELLED
                        : CallStatus.FAILED;
        return new Outcome(
                status, Optional.empty(), Optional.of(failure), "", Optional.empty(), false);
    }

    /// A call that must be tried again.
    static Outcome lost(CallFailure failure) {
        return new Outcome(
                CallStatus.FAILED,
                Optional.empty(),
                Optional.of(failure),
                "",
                Optional.empty(),
                true);
    }
}
