package dev.quern.function;

import dev.quern.function.CallFormat.Failed;
import dev.quern.function.CallFormat.Finished;
import dev.quern.function.CallFormat.Used;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Turns the facts of ended calls into what callers see, and receipts into facts.
final class ReceiptFormat {
    private ReceiptFormat() {}

    static Used toFact(CallReceipt receipt) {
        return new Used(
                receipt.queue().toNanos(),
                receipt.cold().toNanos(),
                receipt.run().toNanos(),
                receipt.cpu().toNanos(),
                receipt.peakMemoryBytes(),
                receipt.inputBytes(),
                receipt.outputBytes(),
                receipt.coldStart(),
                receipt.attempt(),
                receipt.instance(),
                receipt.sandbox(),
                receipt.placement());
    }

    /// @param read gives the bytes of a blob; null leaves logs, traceback, pickle and output bytes
    ///   out
    static CallInfo toInfo(Finished call, @Nullable Function<Blobs.Blob, byte[]> read) {
        Failed failed = call.failure();
        Used used = call.receipt();
        return new CallInfo(
                new CallId(call.id()),
                call.function(),
                call.version(),
                CallStatus.valueOf(call.status()),
                Instant.ofEpochMilli(call.createdAtMillis()),
                OptionalInt.empty(),
                output(call),
                failed == null ? Optional.empty() : Optional.of(failure(failed, read)),
                read == null ? "" : text(read.apply(call.logs())),
                used == null ? Optional.empty() : Optional.of(receipt(used)));
    }

    private static Optional<CallOutput> output(Finished call) {
        Blobs.Blob output = call.output();
        String type = call.contentType();
        if (output == null || type == null) {
            return Optional.empty();
        }
        boolean small = output.chunk() == null;
        byte[] inline = output.inline();
        byte[] bytes = inline == null ? new byte[0] : inline;
        return Optional.of(
                new CallOutput(
                        type, call.outputBytes(), small ? Optional.of(bytes) : Optional.empty()));
    }

    private static CallFailure failure(Failed failed, @Nullable Function<Blobs.Blob, byte[]> read) {
        Blobs.Blob pickle = failed.pickle();
        return new CallFailure(
                FailureReason.valueOf(failed.reason()),
                failed.type(),
                failed.message(),
                read == null ? "" : text(read.apply(failed.traceback())),
                read == null || pickle == null
                        ? Optional.empty()
                        : Optional.of(read.apply(pickle)));
    }

    private static CallReceipt receipt(Used used) {
        return new CallReceipt(
                Duration.ofNanos(used.queueNanos()),
                Duration.ofNanos(used.coldNanos()),
                Duration.ofNanos(used.runNanos()),
                Duration.ofNanos(used.cpuNanos()),
                used.peakMemoryBytes(),
                used.inputBytes(),
                used.outputBytes(),
                used.coldStart(),
                used.attempt(),
                used.instance(),
                used.sandbox(),
                used.placement());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
